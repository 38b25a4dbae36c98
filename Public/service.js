// One service: where its versions run, and what they can be asked.

import { view } from "./address.js";
import { callPanel, plainNotice } from "./call.js";
import { $, count, element, pairs, replaceChildren, table } from "./element.js";
import { backLink } from "./links.js";
import {
  endpointsOf, hasDescribedMessages, hasNoName, isPlainHTTP, isStream, isSubscriber, nodesOf, protocol, unique, visible,
} from "./records.js";
import { state } from "./state.js";

const shown = { service: null, parts: null };

export function renderService(name, versions) {
  document.title = `${name} – Micro`;
  if (shown.service !== name) {
    const parts = { head: element("section"), call: element("section"), body: element("div", { class: "detail" }) };
    Object.assign(shown, { service: name, parts });
    delete $("detail").dataset.key;
    $("detail").replaceChildren(parts.head, parts.call, parts.body);
  }
  const { head, call, body } = shown.parts;
  const text = JSON.stringify(versions);
  replaceChildren(head, text, () => serviceHead(name, versions));
  replaceChildren(body, text, () => versions.map((service, index) => versionPanel(service, versions[index - 1])));
  // Made anew only when what can be called changes, so that news of nodes do not disturb who writes a request.
  const callable = endpointsOf(versions).filter((endpoint) => !isSubscriber(endpoint));
  const isPlain = isPlainHTTP(nodesOf(versions));
  const isOpen = isPlain && state.applications.some(({ service }) => service === name);
  const { endpoint } = view();
  const unlisted = callable.some((known) => known.name === endpoint) ? "" : endpoint;
  replaceChildren(call, JSON.stringify([callable, isPlain, isOpen, unlisted]), () =>
    isPlain ? plainNotice(name) : callPanel(name, callable));
}

export function leaveService() {
  Object.assign(shown, { service: null, parts: null });
}

function serviceHead(name, versions) {
  const nodes = nodesOf(versions);
  return [
    backLink(),
    element("div", { class: "title" }, element("h1", { tabindex: "-1" }, name),
      unique(nodes.map(protocol)).map((name) => element("span", { class: "badge strong" }, name))),
    element("p", { class: "line" }, [count(nodes.length, "node"), count(versions.length, "version"), ""].join(" · "),
      element("a", { href: `api/services/${encodeURIComponent(name)}` }, "Record and schemas (JSON)")),
  ];
}

function versionPanel(service, previous) {
  const isSame = previous && JSON.stringify(previous.endpoints) === JSON.stringify(service.endpoints);
  const title = service.version ? `Version ${service.version}` : "No version";
  return element("section", { class: "panel" },
    element("h2", {}, title),
    pairs(service.metadata),
    element("h3", {}, count(service.nodes.length, "node")),
    service.nodes.length ? nodeTable(service.nodes, title) : element("p", { class: "quiet" }, "No node is alive."),
    element("h3", {}, count(service.endpoints.length, "endpoint")),
    isPlainHTTP(service.nodes) && !service.endpoints.length
      ? element("p", { class: "quiet" }, "A service of plain HTTP is asked by paths, and needs none.")
      : isSame ? element("p", { class: "quiet" }, `The same endpoints as version ${previous.version}.`)
      : endpointList(service.endpoints));
}

function nodeTable(nodes, title) {
  return table(`Nodes of ${title}`, ["Node", "Address", "Protocol", "Metadata"], nodes.map((node) => [
    element("code", {}, node.id), element("code", {}, node.address), protocol(node),
    pairs(node.metadata) || element("span", { class: "quiet" }, "none")]));
}

function endpointList(endpoints) {
  if (!endpoints.length) {
    return element("p", { class: "quiet" }, "The service has registered none. You can still call one by its name.");
  }
  return element("div", { class: "endpoints" }, endpointsOf([{ endpoints }]).map((endpoint) => {
    const { stream, subscriber, ...rest } = endpoint.metadata;
    return element("details", {},
      element("summary", {}, element("code", {}, endpoint.name),
        isSubscriber(endpoint) ? element("span", { class: "badge" }, "subscriber") : "",
        isStream(endpoint) ? element("span", { class: "badge" }, "stream") : ""),
      element("div", { class: "messages" }, messages(endpoint)),
      pairs(rest));
  }));
}

function messages(endpoint) {
  if (isSubscriber(endpoint)) {
    return [element("div", {}, element("p", { class: "quiet" }, "Listens to a topic, and cannot be called."),
      element("h3", {}, "Message"), message(endpoint.request))];
  }
  if (!hasDescribedMessages(endpoint)) {
    return [element("p", { class: "quiet" }, "A stream. Its messages are not described in the registry.")];
  }
  return [
    element("div", {}, element("h3", {}, "Request"), message(endpoint.request)),
    element("div", {}, element("h3", {}, "Response"), message(endpoint.response)),
  ];
}

function message(description) {
  if (!description) return element("p", { class: "quiet" }, "Not described in the registry.");
  const fields = visible(description.values);
  return fields.length ? fieldTree(fields) : element("p", { class: "quiet" }, "No fields.");
}

function fieldTree(fields) {
  return element("ul", { class: "tree mono" }, fields.map((field) => {
    const inner = visible(field.values);
    return element("li", {},
      hasNoName(field) ? element("span", { class: "type" }, "name not told") : field.name, " ",
      element("span", { class: "type" }, field.type || "object"),
      inner.length ? fieldTree(inner) : "");
  }));
}
