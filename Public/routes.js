// The routes that are declared, shown beneath the route explorer.

import { count, element, replaceChildren, table } from "./element.js";
import { serviceLink } from "./links.js";
import { fetchJSON } from "./state.js";

export const routesPanel = () => element("section", { class: "panel routes", "aria-labelledby": "declared" },
  element("h2", { id: "declared" }, "Declared routes"), element("div"));

let asked = 0;

/** Shows the routes of now, also when services came or went. What would be shown anew just the same stays as it is. */
export async function renderRoutes(panel) {
  const number = ++asked;
  let answer = null;
  let problem = "";
  try {
    answer = await fetchJSON("api/routes");
  } catch (error) {
    problem = error.message;
  }
  if (number !== asked || !panel.isConnected) return;
  replaceChildren(panel.lastElementChild, JSON.stringify([answer, problem]), () =>
    answer ? listing(answer) : element("p", { class: "words" }, problem));
}

function listing({ routes, total, omitted }) {
  if (!total) {
    return element("p", { class: "quiet" }, "None: the resolver decides where every request goes. ",
      "Services declare routes in the metadata of their endpoints, and operators with ",
      element("code", {}, "micro api add route"), ".");
  }
  return [
    element("p", { class: "quiet" }, `${count(total, "route")}. Of two that fit a request, the more special one wins; `,
      "where none fits, the resolver decides."),
    table("Declared routes", ["Route", "Goes to", "Declared by"], routes.map((route) => [
      condition(route), destination(route), origin(route)])),
    omitted ? element("p", { class: "quiet" }, `${count(omitted, "route")} more: `,
      element("code", {}, "micro api list routes --path=/v1"), " lists those whose path begins so.") : "",
  ];
}

/** Methods, hosts and path in the way of the explanation. */
function condition({ methods, hosts, path }) {
  const places = hosts.length ? hosts.map((host) => host + path) : [path];
  return element("code", {}, [methods.join(","), places.join(", ")].filter((words) => words).join(" "));
}

function destination({ services, endpoint, handler }) {
  const names = services.flatMap((service, index) => [index ? ", " : "", serviceLink(service, endpoint)]);
  return element("span", {}, names, endpoint ? [", endpoint ", element("code", {}, endpoint)] : "",
    element("span", { class: "quiet" }, services.length ? ` (${handler})` : handler));
}

function origin({ origin, yieldsTo = [] }) {
  if (!yieldsTo.length) return origin;
  return element("span", {}, origin,
    element("span", { class: "yields" }, `Some or all of its requests go to the route of ${yieldsTo.join(" and ")}.`));
}
