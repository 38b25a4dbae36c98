// The route explorer: asks api/explain where a request would go.

import { address, parametersOf, view } from "./address.js";
import { decisionPath, explanationVerdict, refusalVerdict } from "./decision.js";
import { $, element, replaceChildren } from "./element.js";
import { backLink } from "./links.js";
import { renderRoutes, routesPanel } from "./routes.js";
import { fetchJSON, state } from "./state.js";
import { commandOf } from "./terminal.js";

const commonMethods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

/** The parts of the page while it is shown, and the question that they are about. */
const explorer = { parts: null, question: "", asked: 0 };

export function renderExplorer(question) {
  document.title = "Route explorer – Micro";
  if (!explorer.parts) {
    const parts = explorerParts();
    Object.assign(explorer, { parts, question: "" });
    delete $("detail").dataset.key;
    $("detail").replaceChildren(...parts.sections);
  }
  const { fields } = explorer.parts;
  const gateways = (state.status?.gateways ?? []).map((gateway) => gateway.name);
  // A gateway that is not there stays visible, as the answer says so.
  const names = gateways.includes(question.gateway) || !question.gateway ? gateways : [...gateways, question.gateway];
  const chosen = fields.gateway.value;
  fields.gateway.parentElement.hidden = names.length < 2;
  replaceChildren(fields.gateway, JSON.stringify(names), () => names.map((name) => element("option", {}, name)));
  const text = JSON.stringify(question);
  const isNew = explorer.question !== text;
  if (isNew) {
    explorer.question = text;
    fill(fields, question);
  }
  // Services that come or go meanwhile do not undo what someone is about to ask.
  fields.gateway.value = !isNew && names.includes(chosen) ? chosen : question.gateway || names[0] || "";
  askAgain(question);
  renderRoutes(explorer.parts.routes);
}

export function leaveExplorer() {
  if (!explorer.parts) return;
  Object.assign(explorer, { parts: null, question: "", asked: explorer.asked + 1 });
  delete $("detail").dataset.key;
  $("detail").replaceChildren();
}

function fill(fields, question) {
  fields.method.value = question.method;
  fields.path.value = question.path;
  fields.host.value = question.host;
  fields.headers.value = question.headers.join("\n");
  fields.body.value = question.body;
  fields.more.open ||= question.headers.length > 0 || question.body !== "";
}

function explorerParts() {
  const exact = { autocomplete: "off", autocapitalize: "off", spellcheck: "false" };
  const input = (id, rest) => element("input", { id, ...exact, ...rest });
  const area = (id, rest) => element("textarea", { id, rows: "3", ...exact, ...rest });
  const fields = {
    method: input("asked-method", { list: "methods", required: true }),
    path: input("asked-path", { placeholder: "/greeter/say/hello", required: true }),
    host: input("asked-host", { placeholder: "localhost" }),
    gateway: element("select", { id: "asked-gateway" }),
    headers: area("asked-headers", { placeholder: "Content-Type: application/json" }),
    body: area("asked-body", { placeholder: '{"name":"John"}' }),
  };
  const field = (label, control) =>
    element("div", { class: "field" }, element("label", { for: control.id }, label), control);
  fields.more = element("details", {}, element("summary", {}, "Header fields and body"),
    field("Header fields, one on each line", fields.headers), field("Body", fields.body));
  // Whoever pastes a whole address means its host and path.
  fields.path.addEventListener("change", () => {
    const address = /^https?:\/\/([^/?#]+)([^#]*)/.exec(fields.path.value.trim());
    if (!address) return;
    fields.host.value = address[1];
    fields.path.value = address[2].startsWith("/") ? address[2] : `/${address[2]}`;
  });
  const form = element("form", {
    class: "question",
    submit: (event) => {
      event.preventDefault();
      ask(fields);
    },
    keydown: (event) => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      form.requestSubmit();
    },
  },
    element("datalist", { id: "methods" }, commonMethods.map((name) => element("option", { value: name }))),
    field("Method", fields.method), field("Path", fields.path), field("Host", fields.host),
    field("Gateway", fields.gateway), fields.more,
    element("div", { class: "actions" }, element("button", { class: "primary", type: "submit" }, "Explain")));
  const [verdict, steps] = [element("div", { role: "status", "aria-live": "polite" }), element("div")];
  const head = element("section", {}, backLink(),
    element("div", { class: "title" }, element("h1", { tabindex: "-1" }, "Route explorer")),
    element("p", { class: "quiet" }, "Where a request would go, and why. Nothing is sent to any service."));
  const panel = element("section", { class: "panel", "aria-label": "Request" }, form);
  const answer = element("section", { class: "panel explained", "aria-labelledby": "explained", hidden: true },
    element("h2", { id: "explained", class: "visually-hidden" }, "Explanation"), verdict, steps);
  const routes = routesPanel();
  return { sections: [head, panel, answer, routes], fields, answer, verdict, steps, routes };
}

/** Puts what was typed into the hash, from which it is asked; so the view can be pasted, and back works. */
function ask(fields) {
  const lines = fields.headers.value.split("\n").map((line) => line.trim());
  const isChosen = !fields.gateway.parentElement.hidden && fields.gateway.selectedIndex > 0;
  const explain = {
    path: fields.path.value.trim(), method: fields.method.value.trim(), host: fields.host.value.trim(),
    headers: lines.filter((line) => line), body: fields.body.value, gateway: isChosen ? fields.gateway.value : "",
  };
  const hash = address({ explain, search: view().search });
  if (location.hash === hash) askAgain(explain);
  else location.hash = hash;
}

/** Asks, also when services came or went meanwhile. What would be shown anew just the same stays as it is. */
async function askAgain(question) {
  const { answer, verdict, steps } = explorer.parts;
  const number = ++explorer.asked;
  answer.hidden = !question.path;
  if (!question.path) return;
  const parameters = parametersOf(question);
  parameters.set("path", question.path);
  let explanation = null;
  let refusal = "";
  try {
    explanation = (await fetchJSON(`api/explain?${parameters}`)).data;
  } catch (error) {
    refusal = error.message;
  }
  if (number !== explorer.asked) return;
  const command = commandOf(question);
  const text = JSON.stringify([explanation, refusal, command]);
  replaceChildren(verdict, text, () => (explanation ? explanationVerdict(explanation) : refusalVerdict(refusal)));
  replaceChildren(steps, text, () => [
    explanation ? decisionPath(explanation) : "",
    element("p", { class: "quiet command" }, "In a terminal: ", element("code", {}, command)),
  ]);
}
