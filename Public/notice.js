// What fills the page when there is no service to show.

import { certificates } from "./certificates.js";
import { $, count, element, replaceChildren } from "./element.js";
import { withLinks } from "./links.js";
import { nodesOf } from "./records.js";
import { fetchJSON, load, state } from "./state.js";

export function renderNotice(name) {
  document.title = "Micro";
  const detail = $("detail");
  const isUnknown = name && state.services;
  const { gateways, certificates, insecure } = state.status ?? {};
  const key = JSON.stringify(
    [name, !state.services && state.problem, [...(state.services?.keys() ?? [])], gateways, certificates, insecure]);
  replaceChildren(detail, key, () => {
    if (state.problem && !state.services) {
      return notice("The services cannot be read", element("p", {}, state.problem),
        element("p", { class: "quiet" }, "This page goes on trying, and shows them as soon as it can."));
    }
    if (!state.services) return [];
    if (isUnknown) return unknownNotice(name, key);
    return state.services.size ? welcomeNotice() : emptyNotice();
  });
}

const notice = (title, ...content) =>
  element("section", { class: "notice" }, element("h1", { tabindex: "-1" }, title), ...content);

/** The sentence with the nearest names comes from the server, which finds them for every client alike. */
function unknownNotice(name, key) {
  const sentence = element("p", { role: "status" }, `${name} is not registered.`);
  fetchJSON(`api/services/${encodeURIComponent(name)}`).then(load, (error) => {
    if ($("detail").dataset.key === key) sentence.replaceChildren(...withLinks(error.message));
  });
  return notice("No such service", sentence, element("p", {}, element("a", { href: "#" }, "← All services")));
}

function emptyNotice() {
  const command = (text, words) => element("li", {}, element("code", {}, text), ` ${words}`);
  return notice("No service is registered yet",
    element("p", {}, "Services appear here by themselves as soon as they register. Try one of these:"),
    element("ul", {},
      command("micro demo", "serves all this with small services to look at and to call"),
      command("micro register service '{…}'", "adds a record by hand"),
      command("--registry", `chooses where to look for services: now in ${state.status?.registry.name ?? "mdns"}`)));
}

function welcomeNotice() {
  const services = [...state.services.values()].flat();
  const gateways = state.status?.gateways ?? [];
  return notice("Choose a service",
    element("p", {}, `${count(state.services.size, "service")} with ${count(nodesOf(services).length, "node")} ` +
      `${state.services.size === 1 ? "is" : "are"} registered. ` +
      "Choose one to see where it runs and what it can be asked, and to call it."),
    ...gateways.map((gateway) => element("p", {},
      gateways.length > 1 ? `The gateway ${gateway.name} listens at ` : "The gateway listens at ",
      element("code", {}, gateway.url),
      ` with the ${gateway.handler} handler, the ${gateway.resolver} resolver and the namespace `,
      element("code", {}, gateway.namespace), ".")),
    ...certificates().filter(({ isUrgent }) => !isUrgent).map(({ parts }) => element("p", {}, parts)),
    state.status?.insecure ? element("p", { class: "words warn" },
      "This dashboard is open to everyone who reaches it, and so is everything that it can call.") : "",
    gateways.length ? element("p", {}, "The ", element("a", { href: "#explain" }, "route explorer"),
      " tells where a request would go, and why.") : "",
    element("p", { class: "quiet" }, element("kbd", {}, "/"), " searches, ", element("kbd", {}, "Ctrl"), " ",
      element("kbd", {}, "Enter"), " calls."));
}
