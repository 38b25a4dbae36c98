// The route explorer: asks api/explain where a request would go, and shows the decision step by step.
// It comes before app.js, whose helpers it uses once there is something to show.
"use strict";

const commonMethods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

/** The request that a hash asks about; null when it is about something else. */
function questionOf(hash) {
  if (!hash.has("explain")) return null;
  const text = (name) => hash.get(name) ?? "";
  return {
    path: text("explain"), method: text("method") || "GET", host: text("host"), headers: hash.getAll("header"),
    body: text("body"), gateway: text("gateway"),
  };
}

/** The question without its path, as parameters that a hash and api/explain share. */
function parametersOf({ method, host, headers, body, gateway }) {
  const parameters = new URLSearchParams();
  if (method && method !== "GET") parameters.set("method", method);
  if (host) parameters.set("host", host);
  for (const header of headers ?? []) parameters.append("header", header);
  if (body) parameters.set("body", body);
  if (gateway) parameters.set("gateway", gateway);
  return parameters;
}

/** The same question for a terminal. */
function commandOf({ method, path, host, headers, body, gateway }) {
  const plain = (word) => (/^[\w./:@%+,=-]+$/.test(word) ? word : quote(word));
  const words = ["micro explain", plain(method), plain(path)];
  if (host) words.push(`--host=${plain(host)}`);
  for (const header of headers) words.push(`--header=${quote(header)}`);
  if (body) words.push(`--data=${quote(body)}`);
  if (gateway) words.push(`--gateway=${plain(gateway)}`);
  return words.join(" ");
}

// MARK: The question

/** The parts of the page while it is shown, and the question that they are about. */
const explorer = { parts: null, question: "", asked: 0 };

function renderExplorer(question) {
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
}

function leaveExplorer() {
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
  return { sections: [head, panel, answer], fields, answer, verdict, steps };
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

// MARK: The answer

const refusalVerdict = (words) => [
  element("p", { class: "verdict" }, element("strong", { class: "bad" }, "✕ Not explained")),
  element("p", { class: "words" }, words),
];

function explanationVerdict({ sentence, problem, ownAnswer, handler }) {
  const [kind, words] = problem ? ["bad", `✕ Answered with ${problem.status}`]
    : ownAnswer !== undefined ? ["", "• The gateway's own"]
    : ["good", `✓ Goes to the handler ${handler}`];
  return [
    element("p", { class: "verdict" }, element("strong", { class: kind }, words)),
    element("p", { class: problem ? "words" : "sentence" }, sentence),
  ];
}

/** The decision in the order in which it was made. Steps that were not reached are left out. */
function decisionPath(explanation) {
  const { request, ownAnswer, resolver, destination, access, nodes, sends, problem } = explanation;
  const steps = [step("Request", element("p", {},
    element("code", {}, `${request.method} ${request.path}`), " for host ", element("code", {}, request.host)))];
  if (resolver) steps.push(step("Routes", triedRoutes(explanation)), step("Resolver", resolverWords(explanation)));
  if (destination) steps.push(step("Destination", destinationWords(explanation)));
  if (access) steps.push(step("Access", element("p", {}, access.sentence)));
  if (nodes.length) steps.push(step("Nodes", candidateTable(nodes)));
  if (sends) steps.push(step("Would be sent", Object.entries(sends).flatMap(([name, value]) => sent(name, value))));
  if (ownAnswer !== undefined) steps.push(step("Answer", element("p", {}, ownAnswer)));
  if (problem) steps.push(step("Answer", element("p", {}, `${problem.status}, as told above; no service is asked.`)));
  return element("ol", { class: "steps", "aria-label": "Decision" }, steps);
}

const step = (title, ...content) => element("li", {}, element("h3", {}, title), ...content);

function triedRoutes({ tried, declaredRoutes }) {
  if (!declaredRoutes) return element("p", {}, "None is declared.");
  const all = count(declaredRoutes, "declared route");
  if (!tried.length) return element("p", {}, `None of ${all} is for this path.`);
  return [
    element("p", {}, `${all}, of which ${tried.length} ${tried.length === 1 ? "was" : "were"} tried:`),
    element("ul", { class: "tried" }, tried.map(({ route, origin, wins, reason }) => element("li", {},
      element("strong", { class: wins ? "good" : "loser" }, wins ? "✓ wins" : "✕ loses"), " ",
      element("code", {}, route), ` – ${reason}`, element("span", { class: "quiet" }, ` (declared by ${origin})`)))),
  ];
}

function resolverWords({ resolver, namespace, resolved, destination, tried }) {
  if (!resolved && (destination || tried.some(({ wins }) => wins))) {
    return element("p", {}, "Not asked, as a declared route decides.");
  }
  const named = [element("code", {}, resolver), ", namespace ", element("code", {}, namespace || "none")];
  if (!resolved) return element("p", {}, named, ", makes nothing of it.");
  return element("p", {}, named, ", makes of it the ", place(resolved), ".");
}

/** A service with its endpoint; a link where there is such a service. */
function place({ service, endpoint }) {
  const name = state.services?.has(service)
    ? element("a", { href: address({ service, endpoint, search: view().search }) }, service)
    : element("code", {}, service);
  return element("span", {}, "service ", name, endpoint ? [", endpoint ", element("code", {}, endpoint)] : "");
}

function destinationWords({ handler, destination, fields }) {
  return [
    element("p", {}, "handler ", element("code", {}, handler), destination.service ? ", " : "",
      destination.service ? place(destination) : ""),
    fields ? element("div", {}, "The path gives", pairs(fields)) : "",
  ];
}

function candidateTable(nodes) {
  const mark = ({ canBeAsked, state }) =>
    element("span", { class: canBeAsked ? "good" : "bad" }, `${canBeAsked ? "✓" : "✕"} ${state}`);
  return table("Nodes of the decision", ["Node", "Address", "Version", "Speaks", "State"], nodes.map((node) => [
    element("code", {}, node.id), element("code", {}, node.address), node.version, node.speaks, mark(node)]));
}

function sent(name, value) {
  if (!isJSON(value) || value.length < 40) {
    const shown = value ? element("code", {}, value) : element("span", { class: "quiet" }, "empty");
    return element("p", {}, `${name}: `, shown);
  }
  return [element("p", {}, `${name}:`), element("pre", { tabindex: "0", role: "region", "aria-label": `Sent ${name}` },
    layOut(value, "  ").slice(0, displayLimit))];
}
