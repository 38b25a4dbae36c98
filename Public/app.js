// The dashboard: shows what api/services knows, follows api/events, and calls endpoints through rpc.
// Every address is relative, so the page also works behind a path prefix. Nothing is ever parsed as HTML.
"use strict";

const $ = (id) => document.getElementById(id);

/** Makes an element. `properties` are attributes, except functions, which listen to the event of that name. */
function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (typeof value === "function") made.addEventListener(key, value);
    else if (value !== undefined && value !== false) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.flat().filter((child) => child !== undefined && child !== ""));
  return made;
}

/** Proves that a request comes from this page, and not from one of a web application beside it. */
const token = document.querySelector("meta[name=micro-token]").content;

const count = (number, one, many = `${one}s`) => `${number} ${number === 1 ? one : many}`;

// MARK: What is known

const state = {
  status: null, // data of api/status
  services: null, // Map from name to versions; null until the first answer
  applications: [], // data of api/apps
  problem: "", // why the services could not be read
};

/** What the hash says, so that any view can be pasted into a message. */
function view() {
  const hash = new URLSearchParams(location.hash.slice(1));
  return {
    service: hash.get("service") ?? "", endpoint: hash.get("endpoint") ?? "", search: hash.get("q") ?? "",
    explain: questionOf(hash),
  };
}

function address({ service, endpoint, search, explain }) {
  const hash = new URLSearchParams(explain ? [["explain", explain.path], ...parametersOf(explain)] : []);
  if (service) hash.set("service", service);
  if (service && endpoint) hash.set("endpoint", endpoint);
  if (search) hash.set("q", search);
  return `#${hash}`;
}

/** Changes the hash without adding a step for the back button. */
function amend(change) {
  history.replaceState(null, "", address({ ...view(), ...change }));
}

/** The answer's object. Throws an error with words for the reader. */
async function fetchJSON(path) {
  let response;
  try {
    response = await fetch(path, { headers: { Accept: "application/json" }, cache: "no-store" });
  } catch {
    throw new Error("The dashboard does not answer. Is it still running?");
  }
  const body = await response.json().catch(() => null);
  if (response.ok && body) return body;
  throw new Error(body?.error?.detail ?? body?.detail ?? `The dashboard answered ${response.status}.`);
}

let isLoading = false;
let mustLoadAgain = false;

/** Reads everything again. Changes that come meanwhile cause one more reading, not one each. */
async function load() {
  if (isLoading) {
    mustLoadAgain = true;
    return;
  }
  isLoading = true;
  try {
    const answers = await Promise.all(["api/status", "api/services", "api/apps"].map(fetchJSON));
    const [status, services, applications] = answers.map((answer) => answer.data);
    Object.assign(state, { status, services: grouped(services), applications });
    state.problem = "";
  } catch (error) {
    state.problem = error.message;
  }
  isLoading = false;
  render();
  if (mustLoadAgain) {
    mustLoadAgain = false;
    setTimeout(load, 250);
  }
}

function grouped(services) {
  const groups = new Map();
  for (const service of services) groups.set(service.name, [...(groups.get(service.name) ?? []), service]);
  return groups;
}

// MARK: Following changes

let retryDelay = 1000;

function follow() {
  const events = new EventSource("api/events");
  events.addEventListener("open", () => {
    retryDelay = 1000;
    showLive("good", "Live");
  });
  events.addEventListener("catalog", load);
  events.addEventListener("error", () => {
    showLive("bad", "Reconnecting…");
    // The browser tries again by itself, except after an answer that is no stream of events.
    if (events.readyState !== EventSource.CLOSED) return;
    setTimeout(follow, retryDelay);
    retryDelay = Math.min(retryDelay * 2, 30000);
  });
}

function showLive(kind, words) {
  const live = $("live");
  if (live.textContent === words) return;
  live.className = `live ${kind}`;
  live.textContent = words;
}

// MARK: Reading records

/** How a node is spoken to, by the same rule as the gateway's. */
function protocol(node) {
  const { protocol, server, transport } = node.metadata;
  if (protocol === "grpc" || (protocol === undefined && server === "grpc")) return "grpc";
  if (protocol === "http") return "http";
  if (protocol === undefined && server === undefined && transport === undefined) return "http";
  return transport === undefined || transport === "http" ? "mucp" : `mucp over ${transport}`;
}

const unique = (values) => [...new Set(values)];
const nodesOf = (versions) => versions.flatMap((service) => service.nodes);
const isSubscriber = (endpoint) => endpoint.metadata.subscriber === "true";
const isStream = (endpoint) => endpoint.metadata.stream === "true";

/** Go Micro describes the stream itself where its messages should be. */
const hasDescribedMessages = (endpoint) => !(isStream(endpoint) && endpoint.response?.type === "Stream");

/** Every endpoint of any version, once; those that Go Micro adds to each service come last. */
function endpointsOf(versions) {
  const byName = new Map(versions.flatMap((service) => service.endpoints).map((known) => [known.name, known]));
  const isDebug = (endpoint) => endpoint.name.startsWith("Debug.");
  return [...byName.values()].sort((one, other) => isDebug(one) - isDebug(other));
}

const numbers = /^(u?int(8|16|32|64)?|byte|rune|uintptr)$/;
const basicTypes = /^(string|bool|float32|float64|u?int(8|16|32|64)?)$/;

/** The fields without those that generated Go code keeps for itself. */
function visible(fields) {
  const isGenerated = fields.some((field) => field.type === "MessageState");
  return fields.filter((field) => {
    if (field.type === "MessageState" || field.name.startsWith("XXX_")) return false;
    if (field.name === "sizeCache" || field.name === "unknownFields") return false;
    return !(isGenerated && field.name === "int32" && field.type === "int32");
  });
}

/** Services of Go Micro before version 5 give the type where the name should be. */
const hasNoName = (field) => field.name === field.type && (basicTypes.test(field.name) || field.name.startsWith("[]"));

/** A value that the field accepts. */
function example(field) {
  const type = field.type.replace(/^\*/, "");
  if (type === "string") return "";
  if (type === "bool") return false;
  if (numbers.test(type) || type.startsWith("float")) return 0;
  if (type === "[]uint8" || type === "[]byte") return "";
  if (type.startsWith("[]")) return [];
  const named = visible(field.values).filter((inner) => inner.name && !hasNoName(inner));
  return Object.fromEntries(named.map((inner) => [inner.name, example(inner)]));
}

// MARK: JSON as text

/** Lays valid JSON out anew, or on one line without `indent`. Numbers keep every digit, as they are never read. */
function layOut(json, indent = "") {
  const tokens = json.match(/"(?:[^"\\]|\\.)*"|\{\s*\}|\[\s*\]|[{}[\],:]|[^\s{}[\],:"]+/g) ?? [];
  const lineBreak = (depth) => (indent ? `\n${indent.repeat(depth)}` : "");
  const out = [];
  let depth = 0;
  for (const token of tokens) {
    if (token === "{" || token === "[") out.push(token, lineBreak(++depth));
    else if (token === "}" || token === "]") out.push(lineBreak(--depth), token);
    else if (token === ",") out.push(token, lineBreak(depth));
    else if (token === ":") out.push(indent ? ": " : ":");
    else if (token.startsWith("{") || token.startsWith("[")) out.push(token[0], token.at(-1));
    else out.push(token);
  }
  return out.join("");
}

function isJSON(text) {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** What is wrong with the text of the editor, or nothing. */
function problemOf(text) {
  if (!text.trim()) return "The request is empty. Write {} for one without fields.";
  try {
    JSON.parse(text);
    return "";
  } catch (error) {
    return `This is no JSON yet: ${error.message}`;
  }
}

// MARK: The list

function render() {
  const { service, explain } = view();
  const isEmpty = !state.services?.size;
  document.body.className = service || explain ? "has-service" : isEmpty ? "" : "has-list";
  renderFacts();
  $("list").hidden = isEmpty;
  renderApplications();
  renderList();
  renderDetail();
}

function renderFacts() {
  const { status } = state;
  if (!status) return;
  const facts = [`${status.product} ${status.version}`, `registry ${status.registry.name}`];
  facts.push(...status.gateways.map(({ name, url }) => `${status.gateways.length > 1 ? name : "gateway"} ${url}`));
  if (!status.gateways.length) facts.push("no gateway in this program");
  if (status.account) facts.push(`logged in as ${status.account}`);
  $("login").hidden = !status.login;
  if (status.login) {
    $("login").href = status.login;
    $("login").textContent = status.account ? "Account" : "Log in";
  }
  if ($("facts").textContent !== facts.join(" · ")) $("facts").textContent = facts.join(" · ");
  $("stats").hidden = !status.stats;
  renderDocuments(status.gateways);
}

/** Links to what tools can read about each gateway. */
function renderDocuments(gateways) {
  const names = gateways.map((gateway) => gateway.name);
  $("documents").hidden = $("explorer").hidden = !names.length;
  replaceChildren($("documents"), JSON.stringify(names), () => names.map((name) => names.length > 1
    ? element("a", { href: `api/openapi.json?gateway=${encodeURIComponent(name)}` }, `OpenAPI of ${name}`)
    : element("a", { href: "api/openapi.json" }, "OpenAPI")));
}

/** The web services that somebody can open, and those of the search that match it. */
function renderApplications() {
  const { search } = view();
  const words = search.toLowerCase().split(/\s+/);
  const shown = state.applications.filter(({ service }) => words.every((word) => service.toLowerCase().includes(word)));
  $("apps").hidden = !shown.length;
  replaceChildren($("apps").querySelector("ul"), JSON.stringify(shown), () =>
    shown.map((application) => element("li", {}, applicationTile(application))));
}

function applicationTile({ service, title, url, icon, shadowed }) {
  const letter = () => element("span", { class: "letter", "aria-hidden": "true" }, title.slice(0, 1));
  if (shadowed) {
    return element("p", { class: "app" }, letter(),
      `${title} – the dashboard has a page of this name, so ${service} cannot be opened here`);
  }
  const picture = icon
    ? element("img", { class: "letter", src: icon, alt: "", width: "34", height: "34",
      error: (event) => event.target.replaceWith(letter()) })
    : letter();
  return element("a", { class: "app", href: url }, picture, title);
}

/** Whether every word of the search occurs somewhere in the service. */
function matches(versions, search) {
  const texts = versions.flatMap((service) => [
    service.name, service.version, ...service.endpoints.map((endpoint) => endpoint.name),
    ...service.nodes.flatMap((node) => [node.id, node.address, protocol(node)]),
  ]);
  const text = texts.join(" ").toLowerCase();
  return search.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}

/** Replaces the children, unless they would be the same: then focus, selection and open details stay as they are. */
function replaceChildren(parent, key, make) {
  if (parent.dataset.key === key) return;
  parent.dataset.key = key;
  const focused = parent.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  parent.replaceChildren(...[make()].flat());
  if (focused) [...parent.querySelectorAll("a")].find((link) => link.getAttribute("href") === focused)?.focus();
}

function renderList() {
  const { service: current, search } = view();
  if (document.activeElement !== $("search")) $("search").value = search;
  const groups = [...(state.services ?? [])].filter(([, versions]) => matches(versions, search));
  const all = state.services?.size ?? 0;
  const found = search ? `${groups.length} of ${count(all, "service")}` : count(all, "service");
  const words = groups.length ? found : `No service matches “${search}”. Press Escape to see all ${all}.`;
  if ($("count").textContent !== words) $("count").textContent = words;
  const items = groups.map(([name, versions]) => ({
    name,
    versions: versions.map((service) => service.version || "no version"),
    nodes: nodesOf(versions).length,
    protocols: unique(nodesOf(versions).map(protocol)),
  }));
  replaceChildren($("services"), JSON.stringify([items, current, search]), () =>
    items.map((item) => element("li", {}, listLink(item, item.name === current, search))));
}

function listLink(item, isCurrent, search) {
  const dot = item.name.lastIndexOf(".") + 1;
  return element("a", { href: address({ service: item.name, search }), "aria-current": isCurrent && "page" },
    element("span", { class: "name" },
      element("span", { class: "prefix" }, item.name.slice(0, dot)),
      element("span", { class: "last" }, item.name.slice(dot))),
    element("span", { class: "line" },
      element("span", {}, count(item.nodes, "node")),
      element("span", {}, item.versions.join(", ")),
      item.protocols.map((name) => element("span", { class: "badge" }, name))));
}

// MARK: The service

const shown = { service: null, parts: null };

function renderDetail() {
  const { service: name, explain } = view();
  const versions = state.services?.get(name);
  if (explain) {
    Object.assign(shown, { service: null, parts: null });
    return renderExplorer(explain);
  }
  leaveExplorer();
  if (!versions) {
    Object.assign(shown, { service: null, parts: null });
    document.title = "Micro";
    return renderNotice(name);
  }
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
  const nodes = nodesOf(versions);
  const isPlain = nodes.length > 0 && nodes.every((node) => protocol(node) === "http");
  const isOpen = isPlain && state.applications.some(({ service }) => service === name);
  replaceChildren(call, JSON.stringify([callable, isPlain, isOpen]), () => isPlain ? plainNotice(name) : callPanel(name, callable));
}

const backLink = () => element("a", { class: "back", href: address({ search: view().search }) }, "← All services");

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
    isSame
      ? element("p", { class: "quiet" }, `The same endpoints as version ${previous.version}.`)
      : endpointList(service.endpoints));
}

function nodeTable(nodes, title) {
  return table(`Nodes of ${title}`, ["Node", "Address", "Protocol", "Metadata"], nodes.map((node) => [
    element("code", {}, node.id), element("code", {}, node.address), protocol(node), pairs(node.metadata)]));
}

/** A table, with its roles said aloud because a narrow screen lays it out as blocks. */
function table(label, headings, rows) {
  const row = (cells) => element("tr", { role: "row" }, cells.map((cell, index) =>
    element("td", { role: "cell", "data-heading": headings[index] }, cell)));
  return element("div", { class: "scroll" }, element("table", { role: "table", "aria-label": label },
    element("thead", { role: "rowgroup" }, element("tr", { role: "row" }, headings.map((heading) =>
      element("th", { role: "columnheader", scope: "col" }, heading)))),
    element("tbody", { role: "rowgroup" }, rows.map(row))));
}

function pairs(metadata) {
  const entries = Object.entries(metadata);
  if (!entries.length) return "";
  return element("div", { class: "pairs" }, entries.map(([key, value]) =>
    element("span", {}, element("b", {}, `${key}=`), value)));
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

/** What fills the page when there is no service to show. */
function renderNotice(name) {
  const detail = $("detail");
  const isUnknown = name && state.services && !state.problem;
  const key = JSON.stringify([name, state.problem, [...(state.services?.keys() ?? [])], state.status?.gateway]);
  replaceChildren(detail, key, () => {
    if (state.problem && !state.services) return notice("The services cannot be read", state.problem);
    if (!state.services) return [];
    if (isUnknown) return unknownNotice(name, key);
    return state.services.size ? welcomeNotice() : emptyNotice();
  });
}

const notice = (title, ...content) =>
  element("section", { class: "notice" }, element("h1", { tabindex: "-1" }, title), ...content);

/** The sentence with the nearest names comes from the server, which finds them for every client alike. */
function unknownNotice(name, key) {
  const sentence = element("p", {}, `${name} is not registered.`);
  fetchJSON(`api/services/${encodeURIComponent(name)}`).then(load, (error) => {
    if ($("detail").dataset.key === key) sentence.textContent = error.message;
  });
  return notice("No such service", sentence, element("p", {}, element("a", { href: "#" }, "← All services")));
}

function emptyNotice() {
  const command = (text, words) => element("li", {}, element("code", {}, text), ` ${words}`);
  return notice("No service is registered yet",
    element("p", {}, "Services appear here by themselves as soon as they register. Try one of these:"),
    element("ul", {},
      command("micro demo", "starts two small services to look at and to call"),
      command("micro register service '{…}'", "adds a record by hand"),
      command("--registry", `chooses where to look for services: now in ${state.status?.registry.name ?? "mdns"}`)));
}

function welcomeNotice() {
  const services = [...state.services.values()].flat();
  const gateways = state.status?.gateways ?? [];
  return notice("Choose a service",
    element("p", {}, `${count(state.services.size, "service")} with ${count(nodesOf(services).length, "node")} ` +
      "are registered. Choose one to see where it runs and what it can be asked, and to call it."),
    ...gateways.map((gateway) => element("p", {},
      gateways.length > 1 ? `The gateway ${gateway.name} listens at ` : "The gateway listens at ",
      element("code", {}, gateway.url),
      ` with the ${gateway.handler} handler, the ${gateway.resolver} resolver and the namespace `,
      element("code", {}, gateway.namespace), ".")),
    gateways.length ? element("p", {}, "The ", element("a", { href: "#explain" }, "route explorer"),
      " tells where a request would go, and why.") : "",
    element("p", { class: "quiet" }, element("kbd", {}, "/"), " searches, ", element("kbd", {}, "Ctrl"), " ",
      element("kbd", {}, "Enter"), " calls."));
}

// MARK: The call

function plainNotice(name) {
  const application = state.applications.find(({ service, shadowed }) => service === name && !shadowed);
  return element("p", { class: "words warn" }, "This service speaks plain HTTP, so it has no endpoints to be called here. ",
    application ? element("a", { href: application.url }, "Open it")
      : "The gateway's http and web handlers pass requests on to it.");
}

/** What was typed, by service and endpoint: it outlives a service that restarts. */
const drafts = new Map();

function callPanel(service, endpoints) {
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

const post = (body, accept, signal) => fetch("rpc", {
  method: "POST", headers: { "Content-Type": "application/json", Accept: accept, "X-Micro-Token": token }, body,
  cache: "no-store", signal,
});

/** Lets the button end what it begins: pressed again meanwhile, it aborts. What `act` returns shows the result. */
async function whilePending(button, words, act) {
  if (button.pending) return button.pending.abort();
  button.pending = new AbortController();
  button.textContent = words;
  const began = performance.now();
  const show = await act(button.pending.signal);
  button.pending = null;
  button.textContent = "Call";
  show(Math.round(performance.now() - began));
}

const noAnswer = { failure: "No answer", words: "The dashboard does not answer. Is it still running?" };
const cancelled = {
  failure: "Cancelled", words: "You stopped waiting. The service may have done its work all the same.",
};

const textOf = async (response) =>
  ({ code: response.status, phrase: response.statusText, text: await response.text() });

/** Sends the call and shows what comes back. */
function call(body, button, result) {
  return whilePending(button, "Cancel", async (signal) => {
    const answer = await post(body, "*/*", signal).then(textOf)
      .catch((error) => (error.name === "AbortError" ? cancelled : noAnswer));
    return (milliseconds) => showAnswer(answer, milliseconds, result);
  });
}

// MARK: Streams

const lineType = "application/x-ndjson";

/** Sends the call and shows each message as it comes. */
function stream(body, button, result) {
  return whilePending(button, "Stop", async (signal) => {
    const messages = messageView(result);
    try {
      const response = await post(body, lineType, signal);
      // What fails at once has an ordinary answer, which says why.
      if (response.headers.get("Content-Type") !== lineType) {
        const answer = await textOf(response);
        return (milliseconds) => showAnswer(answer, milliseconds, result);
      }
      const error = await readLines(response.body, (line) => {
        // Whoever looks at another service hears no more of this one.
        if (result.isConnected) messages.add(line);
        else button.pending.abort();
      });
      return (milliseconds) => messages.end(error ? `Error ${error.code}` : "Ended", milliseconds, error);
    } catch (error) {
      const wasStopped = error.name === "AbortError";
      const words = wasStopped ? undefined : { detail: "The connection broke before the end of the stream." };
      return (milliseconds) => messages.end(wasStopped ? "Stopped" : "Broken off", milliseconds, words);
    }
  });
}

/** Hands each line on as it comes. Returns the error that the last one may be. */
async function readLines(body, take) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return null;
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      const error = line.startsWith('{"error":') ? JSON.parse(line).error : null;
      if (error?.code) return error;
      take(line);
    }
  }
}

/** Messages beyond these are shown no longer; the oldest go first. */
const messageLimit = 1000;

/** A list that grows: its length is told with every change, but read aloud only at the end. */
function messageView(result) {
  const verdict = element("p", { class: "verdict" }, element("strong", {}, "Waiting for messages…"));
  const status = element("div", { role: "status" }, verdict);
  const tally = element("p", { class: "quiet" });
  const block = element("pre", { tabindex: "0", role: "region", "aria-label": "Answer" });
  result.replaceChildren(element("div", { class: "result" }, status, tally, block));
  let number = 0;
  const add = (line) => {
    const isAtEnd = block.scrollTop + block.clientHeight >= block.scrollHeight - 4;
    const text = layOut(line);
    block.append(`${text.length > displayLimit ? `${text.slice(0, displayLimit)} …` : text}\n`);
    if (++number > messageLimit) block.firstChild.remove();
    const shown = number > messageLimit ? `, of which the last ${messageLimit} are shown` : "";
    tally.textContent = count(number, "message") + shown;
    if (isAtEnd) block.scrollTop = block.scrollHeight;
  };
  const end = (words, milliseconds, error) => {
    if (!number) tally.textContent = count(0, "message");
    verdict.replaceChildren(
      element("strong", { class: error ? "bad" : "good" }, `${error ? "✕" : "✓"} ${words}`),
      element("span", { class: "quiet" }, `${milliseconds} ms`),
      error?.id ? element("span", { class: "quiet" }, `said by ${error.id}`) : "");
    if (error) status.append(element("p", { class: "words" }, error.detail ?? "There is no explanation."));
  };
  return { add, end };
}

function showAnswer({ code, phrase, text = "", failure, words }, milliseconds, result) {
  const isGood = code >= 200 && code < 300;
  const verdict = failure ?? `${code} ${phrase}`.trim();
  const isValid = isJSON(text);
  const error = isGood || !isValid ? null : JSON.parse(text);
  const sentence = words ?? error?.detail ?? error?.error?.detail ?? (isGood ? "" : text || "There is no explanation.");
  const size = new TextEncoder().encode(text).length;
  result.replaceChildren(element("div", { class: "result" },
    element("div", { role: "status" },
      element("p", { class: "verdict" },
        element("strong", { class: isGood ? "good" : "bad" }, `${isGood ? "✓" : "✕"} ${verdict}`),
        element("span", { class: "quiet" }, `${milliseconds} ms`),
        failure ? "" : element("span", { class: "quiet" }, count(size, "byte")),
        error?.id ? element("span", { class: "quiet" }, `said by ${error.id}`) : ""),
      sentence ? element("p", { class: "words" }, sentence) : ""),
    text && (isGood || isValid) ? longText(isValid ? layOut(text, "  ") : text) : ""));
}

const displayLimit = 100000;

/** A text of any length. A long one is shown in part first, because browsers are slow to lay out megabytes. */
function longText(text) {
  const block = element("pre", { tabindex: "0", role: "region", "aria-label": "Answer" }, text.slice(0, displayLimit));
  if (text.length <= displayLimit) return block;
  const more = element("button", { type: "button", click: () => {
    block.textContent = text;
    more.remove();
  } }, `Show all ${text.length.toLocaleString()} characters`);
  return element("div", { class: "result" }, block, element("div", {}, more));
}

/** The gateway's address where it takes such calls, else that of this page. */
function rpcAddress() {
  const gateway = state.status?.gateway;
  return gateway?.rpc ? `${gateway.url.replace(/\/$/, "")}/rpc` : new URL("rpc", document.baseURI).href;
}

const quote = (text) => `'${text.replaceAll("'", `'\\''`)}'`;

async function copyCurl(body, place, isStream) {
  const line = `curl -sS${isStream ? "N" : ""} -H 'Content-Type: application/json' -d ${quote(body)} ${quote(rpcAddress())}`;
  const text = element("textarea", { id: "curl", readonly: true, rows: "3" });
  text.value = line;
  const note = element("span", { role: "status" }, "copied");
  place.replaceChildren(element("p", {}, element("label", { for: "curl" }, "curl"), " – ", note), text);
  try {
    await navigator.clipboard.writeText(line);
  } catch {
    // There is no clipboard outside localhost and HTTPS, and a browser may refuse it.
    note.textContent = "press Ctrl+C to copy";
    text.focus();
    text.select();
  }
}

// MARK: The keyboard and the start

function isTyping(target) {
  return target.matches("input, textarea, select") || target.isContentEditable;
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  if ($("list").hidden) return;
  event.preventDefault();
  if (getComputedStyle($("list")).display === "none") location.hash = address({ search: view().search });
  setTimeout(() => $("search").select());
});

document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault(); // The hash is for the view.
  $("detail").focus();
});

$("search").addEventListener("input", () => {
  amend({ search: $("search").value.trim() });
  renderApplications();
  renderList();
});

$("search").addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    $("search").value = "";
    amend({ search: "" });
    renderApplications();
    renderList();
  } else if (event.key === "Enter") {
    $("services").querySelector("a")?.click();
  }
});

// Who follows a link with the keyboard or a screen reader is taken to what it opened.
const placeOf = ({ service, explain }) => (explain ? "#explain" : service);
let lastPlace = placeOf(view());
window.addEventListener("hashchange", () => {
  render();
  const { service, endpoint } = view();
  const place = placeOf(view());
  if (place !== lastPlace && place) {
    $("detail").querySelector("h1")?.focus();
  } else if (service && endpoint && $("endpoint") && $("endpoint").value !== endpoint) {
    $("endpoint").value = endpoint;
    $("endpoint").dispatchEvent(new Event("change"));
  }
  lastPlace = place;
});

load();
follow();
