// The bar at the top: what runs here, and whether news arrive.

import { view } from "./address.js";
import { certificates } from "./certificates.js";
import { $, element, replaceChildren } from "./element.js";
import { state } from "./state.js";

export function renderFacts() {
  const { status } = state;
  if (!status) return;
  const facts = [`${status.product} ${status.version}`, `registry ${status.registry.name}`];
  facts.push(...status.gateways.map(({ name, url }) => `${status.gateways.length > 1 ? name : "gateway"} ${url}`));
  if (!status.gateways.length) facts.push("no gateway in this program");
  if (status.insecure) facts.push("open to everyone");
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

/** Why what is shown may be old, and what will soon go wrong. Before there is anything to show, the notice says why. */
export function renderTrouble() {
  const troubles = certificates().filter(({ isUrgent }) => isUrgent).map(({ parts }) => parts);
  if (state.services && state.problem) {
    const reason = /[.?!]$/.test(state.problem) ? state.problem : `${state.problem}.`;
    troubles.unshift([`What you see may be old: ${reason} This page goes on trying.`]);
  }
  replaceChildren($("trouble"), JSON.stringify([state.problem, state.status?.certificates]), () =>
    troubles.map((parts) => element("p", { class: "words warn" }, parts)));
}

/** Links to what tools can read about each gateway. */
function renderDocuments(gateways) {
  const names = gateways.map((gateway) => gateway.name);
  $("documents").hidden = $("explorer").hidden = !names.length;
  if (view().explain) $("explorer").setAttribute("aria-current", "page");
  else $("explorer").removeAttribute("aria-current");
  replaceChildren($("documents"), JSON.stringify(names), () => names.map((name) => names.length > 1
    ? element("a", { href: `api/openapi.json?gateway=${encodeURIComponent(name)}` }, `OpenAPI of ${name}`)
    : element("a", { href: "api/openapi.json" }, "OpenAPI")));
}

export function showLive(kind, words) {
  const live = $("live");
  if (live.textContent === words) return;
  live.className = `live ${kind}`;
  live.textContent = words;
}
