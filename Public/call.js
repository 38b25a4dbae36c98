// The panel in which an endpoint is called.

import { amend, view } from "./address.js";
import { element } from "./element.js";
import { layOut, problemOf } from "./json.js";
import { example, hasDescribedMessages, isStream } from "./records.js";
import { call, stream } from "./rpc.js";
import { state } from "./state.js";
import { copyCurl } from "./terminal.js";

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
  const names = endpoints.map((endpoint) => endpoint.name);
  const chooser = names.length
    ? element("select", { id: "endpoint" }, names.map((name) => element("option", { selected: name === wanted }, name)))
    : element("input", { id: "endpoint", value: wanted, placeholder: "Greeter.Hello", spellcheck: "false" });
  const editor = element("textarea", { id: "request", spellcheck: "false", autocapitalize: "off",
    "aria-describedby": "problem", "aria-keyshortcuts": "Control+Enter" });
  const problem = element("p", { id: "problem", class: "problem", role: "status" });
  const streaming = element("p", { class: "quiet", hidden: true },
    "This endpoint streams: it is sent this one message, and what it answers appears as it comes.");
  const caller = element("button", { class: "primary", type: "submit" }, "Call");
  const curl = element("div", { class: "curl field" });
  const result = element("div");
  const chosen = () => endpoints.find((endpoint) => endpoint.name === chooser.value);
  const streams = () => chosen() !== undefined && isStream(chosen());

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
    streaming.hidden = !streams();
    curl.replaceChildren();
    validate();
  };
  const body = () => `{"service":${JSON.stringify(service)},"endpoint":${JSON.stringify(chooser.value.trim())},` +
    `"request":${layOut(editor.value)}}`;
  const copy = () => (validate() ? copyCurl(body(), curl, streams()) : editor.focus());
  const reset = () => {
    drafts.delete(draftKey());
    fill();
  };
  const form = element("form", {
    novalidate: true,
    submit: (event) => {
      event.preventDefault();
      if (!validate()) return editor.focus();
      if (!chooser.value.trim()) return chooser.focus();
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
    streaming,
    element("div", { class: "field" }, element("label", { for: "request" }, "Request (JSON)"), editor, problem),
    element("div", { class: "actions" }, caller,
      element("button", { type: "button", click: copy }, "Copy as curl"),
      element("button", { type: "button", click: reset }, "Reset")),
    curl);

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
