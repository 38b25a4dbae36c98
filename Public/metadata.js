// What goes along with a call: metadata, as fields of the request, and how long the call may take.

import { element } from "./element.js";

/** What was typed. It stays for the next service, as tokens and tenants do. */
const kept = { lines: "", seconds: "" };

/** Fields that a browser sends as it likes, and those that the page itself needs. */
const taken = new RegExp("^(accept(-(charset|encoding))?|access-control-.*|connection|content-(length|type)|cookie2?|" +
  "date|dnt|expect|host|keep-alive|origin|permissions-policy|proxy-.*|referer|sec-.*|set-cookie|te|timeout|trailer|" +
  "transfer-encoding|upgrade|via|x-micro-token)$", "i");

/** What is wrong with a line, or nothing. */
function problemOfLine(line) {
  const [, name, value] = /^([^:]*):(.*)$/.exec(line) ?? [];
  if (name === undefined) return `“${line}” has no colon. Write a name, a colon and a value, such as X-Tenant: 7`;
  if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name)) return `“${name}” is no name of a field.`;
  if (taken.test(name)) return `${name} cannot be set here; use curl or micro for it.`;
  return /^[\t\x20-\x7e]*$/.test(value) ? "" : `The value of ${name} has characters beyond ASCII.`;
}

const linesOf = (text) => text.split("\n").map((line) => line.trim()).filter((line) => line);

/**
 * The controls, folded away until they are needed. `read` returns the fields and the seconds, an empty text if none are
 * given; or nothing, when something is wrong with them, which then has the focus.
 */
export function metadataControls() {
  const exact = { autocomplete: "off", autocapitalize: "off", spellcheck: "false" };
  const lines = element("textarea", { id: "metadata", rows: "3", placeholder: "X-Tenant: 7", ...exact,
    "aria-describedby": "metadata-problem" });
  const seconds = element("input", { id: "seconds", type: "number", min: "1", max: "600", step: "1",
    "aria-describedby": "seconds-problem" });
  const problem = (id) => element("p", { id, class: "problem", role: "status" });
  const [lineProblem, secondsProblem] = [problem("metadata-problem"), problem("seconds-problem")];
  const place = element("details", {}, element("summary", {}, "Metadata and time limit"),
    element("div", { class: "field" }, element("label", { for: "metadata" }, "Metadata, one on each line"), lines,
      lineProblem),
    element("div", { class: "field" },
      element("label", { for: "seconds" }, "Seconds until the gateway gives up; empty for its own limit"), seconds,
      secondsProblem));

  /** Says what is wrong. Returns the first control with something wrong. */
  const wrong = () => {
    lineProblem.textContent = linesOf(lines.value).map(problemOfLine).find((words) => words) ?? "";
    secondsProblem.textContent = seconds.validity.valid ? "" : "The time is a whole number of seconds, from 1 to 600.";
    const pairs = [[lines, lineProblem], [seconds, secondsProblem]];
    for (const [control, problem] of pairs) control.setAttribute("aria-invalid", String(problem.textContent !== ""));
    return pairs.find(([, problem]) => problem.textContent)?.[0];
  };
  const read = () => {
    const control = wrong();
    if (control) {
      place.open = true;
      control.focus();
      return undefined;
    }
    const fields = linesOf(lines.value).map((line) => line.match(/^([^:]*):\s*(.*)$/).slice(1));
    return { fields, seconds: seconds.value };
  };
  const set = (text, time) => {
    [lines.value, seconds.value] = [text, time];
    keep();
  };
  const keep = () => {
    Object.assign(kept, { lines: lines.value, seconds: seconds.value });
    wrong();
  };
  for (const control of [lines, seconds]) control.addEventListener("input", keep);
  set(kept.lines, kept.seconds);
  place.open = kept.lines !== "" || kept.seconds !== "";
  return { place, read, clear: () => set("", "") };
}
