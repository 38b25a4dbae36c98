// The panel in which an endpoint is called.

import { amend, view } from "./address.js";
import { element } from "./element.js";
import { layOut, problemOf } from "./json.js";
import { example, hasDescribedMessages, isStream } from "./records.js";
import { call, stream } from "./rpc.js";
import { state } from "./state.js";
import { copyLine, curlLine, microLine } from "./terminal.js";

export function plainNotice(name) {
  const application = state.applications.find(({ service, shadowed }) => service === name && !shadowed);
  return element("p", { class: "words warn" },
    "This service speaks plain HTTP, so it has no endpoints to be called here. ",
    application ? element("a", { href: application.url }, "Open it")
      : "The gateway's http and web handlers pass requests on to it.");
}

/** What was typed, by service and endpoint: it outlives a service that restarts. */
const drafts = new Map();

export function callPanel(service, endpoints) {
  // Whoever has not chosen sees an endpoint that takes something, rather than the first by the alphabet.
  const telling = endpoints.find((endpoint) => endpoint.request?.values?.length > 0);
  const wanted = view().endpoint || telling?.name || "";
  const listed = endpoints.map((endpoint) => endpoint.name);
  // An endpoint that a link names may well be there, although the service has not registered it.
  const names = listed.length && wanted && !listed.includes(wanted) ? [...listed, wanted] : listed;
  const chooser = names.length
    ? element("select", { id: "endpoint" }, names.map((name) => element("option", { selected: name === wanted }, name)))
    : element("input", { id: "endpoint", value: wanted, placeholder: "Greeter.Hello", spellcheck: "false" });
  const editor = element("textarea", { id: "request", spellcheck: "false", autocapitalize: "off",
    "aria-describedby": "problem", "aria-keyshortcuts": "Control+Enter" });
  const problem = element("p", { id: "problem", class: "problem", role: "status" });
  const remark = element("p", { class: "quiet" });
  const caller = element("button", { class: "primary", type: "submit" }, "Call");
  const line = element("div", { class: "line-to-copy field" });
  const result = element("div");
  const chosen = () => endpoints.find((endpoint) => endpoint.name === chooser.value);
  const streams = () => chosen() !== undefined && isStream(chosen());
  const remarks = () => {
    if (streams()) {
      return "This endpoint streams: it is sent this one message, and what it answers appears as it comes.";
    }
    return names.length && !chosen() ? "The service has not registered this endpoint, and may not have it." : "";
  };

  const validate = () => {
    problem.textContent = problemOf(editor.value);
    editor.setAttribute("aria-invalid", String(problem.textContent !== ""));
    return problem.textContent === "";
  };
  const draftKey = () => JSON.stringify([service, names.length ? chooser.value : ""]);
  const fill = () => {
    const described = chosen() && hasDescribedMessages(chosen()) ? chosen().request : null;
    editor.value = drafts.get(draftKey()) ?? JSON.stringify(described ? example(described) : {}, null, 2);
    editor.rows = Math.min(Math.max(editor.value.split("\n").length + 1, 5), 24);
    remark.textContent = remarks();
    line.replaceChildren();
    validate();
  };
  const body = () => `{"service":${JSON.stringify(service)},"endpoint":${JSON.stringify(chooser.value.trim())},` +
    `"request":${layOut(editor.value)}}`;
  /** Whether there is something to send. If not, what lacks has the focus. */
  const isComplete = () => {
    if (!validate()) editor.focus();
    else if (!chooser.value.trim()) chooser.focus();
    else return true;
    return false;
  };
  const copyCurl = () => isComplete() && copyLine("curl", curlLine(body(), streams()), line);
  const copyMicro = () => isComplete() &&
    copyLine("micro", microLine(service, chooser.value.trim(), layOut(editor.value), streams()), line);
  const reset = () => {
    drafts.delete(draftKey());
    fill();
  };
  const form = element("form", {
    novalidate: true,
    submit: (event) => {
      event.preventDefault();
      if (!isComplete()) return;
      if (streams()) stream(body(), caller, result);
      else call(body(), caller, result);
    },
    keydown: (event) => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      form.requestSubmit();
    },
  },
    element("div", { class: "field" }, element("label", { for: "endpoint" }, "Endpoint"), chooser),
    remark,
    element("div", { class: "field" }, element("label", { for: "request" }, "Request (JSON)"), editor, problem),
    element("div", { class: "actions" }, caller,
      element("button", { type: "button", click: copyCurl }, "Copy as curl"),
      element("button", { type: "button", click: copyMicro }, "Copy as micro"),
      element("button", { type: "button", click: reset }, "Reset")),
    line);

  chooser.addEventListener("change", () => {
    caller.pending?.abort();
    amend({ endpoint: chooser.value.trim() });
    if (names.length) fill();
    result.replaceChildren();
  });
  editor.addEventListener("input", () => {
    drafts.set(draftKey(), editor.value);
    validate();
  });
  fill();
  return element("section", { class: "panel", "aria-labelledby": "call-title" },
    element("h2", { id: "call-title" }, "Call"), form, result);
}
