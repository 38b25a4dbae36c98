// The list of services and web applications, and the search in it.

import { address, amend, view } from "./address.js";
import { $, count, element, replaceChildren } from "./element.js";
import { nodesOf, protocol, unique } from "./records.js";
import { state } from "./state.js";

export function renderServices() {
  $("list").hidden = !state.services?.size;
  renderApplications();
  renderList();
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
