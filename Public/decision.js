// What the route explorer is told, shown step by step.

import { displayLimit } from "./answer.js";
import { count, element, pairs, table } from "./element.js";
import { isJSON, layOut } from "./json.js";
import { serviceLink, withLinks } from "./links.js";

export const refusalVerdict = (words) => [
  element("p", { class: "verdict" }, element("strong", { class: "bad" }, "✕ Not explained")),
  element("p", { class: "words" }, words),
];

export function explanationVerdict({ sentence, problem, ownAnswer, handler }) {
  const [kind, words] = problem ? ["bad", `✕ Answered with ${problem.status}`]
    : ownAnswer !== undefined ? ["", "• The gateway's own"]
    : ["good", `✓ Goes to the handler ${handler}`];
  return [
    element("p", { class: "verdict" }, element("strong", { class: kind }, words)),
    // That it is answered so is said above.
    element("p", { class: problem ? "words" : "sentence" }, withLinks(sentence.replace(/^answered with \d+: /, ""))),
  ];
}

/** The decision in the order in which it was made. Steps that were not reached are left out. */
export function decisionPath(explanation) {
  const { request, ownAnswer, resolver, destination, access, nodes, sends, problem } = explanation;
  const steps = [step("Request", element("p", {},
    element("code", {}, `${request.method} ${request.path}`), " for host ", element("code", {}, request.host)))];
  if (resolver) steps.push(step("Routes", triedRoutes(explanation)), step("Resolver", resolverWords(explanation)));
  if (destination) steps.push(step("Destination", destinationWords(explanation)));
  if (access) steps.push(step("Access", element("p", {}, access.sentence)));
  if (nodes.length) steps.push(step("Nodes", candidateTable(nodes)));
  if (sends) steps.push(step("Would be sent", Object.entries(sends).flatMap(([name, value]) => sent(name, value))));
  if (ownAnswer !== undefined) steps.push(step("Answer", element("p", {}, ownAnswer)));
  if (problem) steps.push(step("Answer", element("p", {}, `${problem.status}, as told above; no service is asked.`)));
  return element("ol", { class: "steps", "aria-label": "Decision" }, steps);
}

const step = (title, ...content) => element("li", {}, element("h3", {}, title), ...content);

function triedRoutes({ tried, declaredRoutes }) {
  if (!declaredRoutes) return element("p", {}, "None is declared.");
  const all = count(declaredRoutes, "declared route");
  if (!tried.length) return element("p", {}, `None of ${all} is for this path.`);
  return [
    element("p", {}, `${all}, of which ${tried.length} ${tried.length === 1 ? "was" : "were"} tried:`),
    element("ul", { class: "tried" }, tried.map(({ route, origin, wins, reason }) => element("li", {},
      element("strong", { class: wins ? "good" : "loser" }, wins ? "✓ wins" : "✕ loses"), " ",
      element("code", {}, route), ` – ${reason}`, element("span", { class: "quiet" }, ` (declared by ${origin})`)))),
  ];
}

function resolverWords({ resolver, namespace, resolved, destination, tried }) {
  if (!resolved && (destination || tried.some(({ wins }) => wins))) {
    return element("p", {}, "Not asked, as a declared route decides.");
  }
  const named = [element("code", {}, resolver), ", namespace ", element("code", {}, namespace || "none")];
  if (!resolved) return element("p", {}, named, ", makes nothing of it.");
  return element("p", {}, named, ", makes of it the ", place(resolved), ".");
}

const place = ({ service, endpoint }) => element("span", {}, "service ", serviceLink(service, endpoint),
  endpoint ? [", endpoint ", element("code", {}, endpoint)] : "");

function destinationWords({ handler, destination, fields }) {
  return [
    element("p", {}, "handler ", element("code", {}, handler), destination.service ? ", " : "",
      destination.service ? place(destination) : ""),
    fields ? element("div", {}, "The path gives", pairs(fields)) : "",
  ];
}

function candidateTable(nodes) {
  const mark = ({ canBeAsked, state }) =>
    element("span", { class: canBeAsked ? "good" : "bad" }, `${canBeAsked ? "✓" : "✕"} ${state}`);
  return table("Nodes of the decision", ["Node", "Address", "Version", "Speaks", "State"], nodes.map((node) => [
    element("code", {}, node.id), element("code", {}, node.address), node.version, node.speaks, mark(node)]));
}

function sent(name, value) {
  if (!isJSON(value) || value.length < 40) {
    const shown = value ? element("code", {}, value) : element("span", { class: "quiet" }, "empty");
    return element("p", {}, `${name}: `, shown);
  }
  return [element("p", {}, `${name}:`), element("pre", { tabindex: "0", role: "region", "aria-label": `Sent ${name}` },
    layOut(value, "  ").slice(0, displayLimit))];
}
