// Links to services, from anywhere on the page.

import { address, view } from "./address.js";
import { element } from "./element.js";
import { state } from "./state.js";

/** The way back on a narrow screen, which shows one thing at a time. */
export const backLink = () =>
  element("a", { class: "back", href: address({ search: view().search }) }, "← All services");

/** A service by its name; a link where there is such a service. */
export function serviceLink(service, endpoint) {
  if (!state.services?.has(service)) return element("code", {}, service);
  return element("a", { href: address({ service, endpoint, search: view().search }) }, service);
}

/** A sentence of the server's, in which the nearest names, should it tell any, are links. */
export function withLinks(sentence) {
  const start = sentence.lastIndexOf("nearest");
  if (start < 0) return [sentence];
  const words = sentence.slice(start).split(/([^\s,;]+)/);
  return [sentence.slice(0, start), ...words.map((word) => (state.services?.has(word) ? serviceLink(word) : word))];
}
