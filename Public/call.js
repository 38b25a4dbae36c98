// The panel in which an endpoint is called.

import { amend, view } from "./address.js";
import { element } from "./element.js";
import { layOut, problemOf } from "./json.js";
import { metadataControls } from "./metadata.js";
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

/** A list of the endpoints, or a line to type one into where none is registered. */
function endpointChooser(endpoints) {
  // Whoever has not chosen sees an endpoint that takes something, rather than the first by the alphabet.
  const telling = endpoints.find((endpoint) => endpoint.request?.values?.length > 0);
  const wanted = view().endpoint || telling?.name || "";
  const names = endpoints.map((endpoint) => endpoint.name);
  if (!names.length) {
    return element("input", { id: "endpoint", value: wanted, placeholder: "Greeter.Hello", spellcheck: "false" });
  }
  // An endpoint that a link names may well be there, although the service has not registered it.
  if (wanted && !names.includes(wanted)) names.push(wanted);
  return element("select", { id: "endpoint" },
    names.map((name) => element("option", { selected: name === wanted }, name)));
}

/** What is worth knowing of the endpoint that is chosen; `known` is its record, if it is registered. */
function remarkOn(known, isListed) {
  if (known && isStream(known)) {
    return "This endpoint streams: it is sent this one message, and what it answers appears as it comes.";
  }
  return isListed && !known ? "The service has not registered this endpoint, and may not have it." : "";
}

export function callPanel(service, endpoints) {
  const isListed = endpoints.length > 0;
  const chooser = endpointChooser(endpoints);
  const editor = element("textarea", { id: "request", spellcheck: "false", autocapitalize: "off",
    "aria-describedby": "problem", "aria-keyshortcuts": "Control+Enter" });
  const problem = element("p", { id: "problem", class: "problem", role: "status" });
  const remark = element("p", { class: "quiet" });
  const metadata = metadataControls();
  const caller = element("button", { class: "primary", type: "submit" }, "Call");
  const line = element("div", { class: "line-to-copy field" });
  const result = element("div");
  const chosen = () => endpoints.find((endpoint) => endpoint.name === chooser.value);

  const validate = () => {
    problem.textContent = problemOf(editor.value);
    editor.setAttribute("aria-invalid", String(problem.textContent !== ""));
    return problem.textContent === "";
  };
  const draftKey = () => JSON.stringify([service, isListed ? chooser.value : ""]);
  const fill = () => {
    const described = chosen() && hasDescribedMessages(chosen()) ? chosen().request : null;
    editor.value = drafts.get(draftKey()) ?? JSON.stringify(described ? example(described) : {}, null, 2);
    editor.rows = Math.min(Math.max(editor.value.split("\n").length + 1, 5), 24);
    remark.textContent = remarkOn(chosen(), isListed);
    line.replaceChildren();
    validate();
  };
  /** The call as it is written; nothing when something lacks, which then has the focus. */
  const read = () => {
    if (!validate()) return editor.focus();
    if (!chooser.value.trim()) return chooser.focus();
    const along = metadata.read();
    return along && { service, endpoint: chooser.value.trim(), request: layOut(editor.value),
      streams: chosen() !== undefined && isStream(chosen()), ...along };
  };
  const send = () => {
    const written = read();
    if (written?.streams) stream(written, caller, result);
    else if (written) call(written, caller, result);
  };
  const copy = (name, lineOf) => {
    const written = read();
    if (written) copyLine(name, lineOf(written), line);
  };
  const reset = () => {
    drafts.delete(draftKey());
    metadata.clear();
    fill();
  };
  chooser.addEventListener("change", () => {
    caller.pending?.abort();
    amend({ endpoint: chooser.value.trim() });
    if (isListed) fill();
    result.replaceChildren();
  });
  editor.addEventListener("input", () => {
    drafts.set(draftKey(), editor.value);
    validate();
  });
  fill();

  const button = (words, click) => element("button", { type: "button", click }, words);
  const form = callForm(send,
    element("div", { class: "field" }, element("label", { for: "endpoint" }, "Endpoint"), chooser), remark,
    element("div", { class: "field" }, element("label", { for: "request" }, "Request (JSON)"), editor, problem),
    metadata.place,
    element("div", { class: "actions" }, caller, button("Copy as curl", () => copy("curl", curlLine)),
      button("Copy as micro", () => copy("micro", microLine)), button("Reset", reset)),
    line);
  return element("section", { class: "panel", "aria-labelledby": "call-title" },
    element("h2", { id: "call-title" }, "Call"), form, result);
}

/** A form that is also sent from fields of many lines, by Ctrl+Enter. */
function callForm(send, ...parts) {
  const form = element("form", {
    novalidate: true,
    submit: (event) => {
      event.preventDefault();
      send();
    },
    keydown: (event) => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      form.requestSubmit();
    },
  }, parts);
  return form;
}
