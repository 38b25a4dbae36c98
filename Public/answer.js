// What a call is answered: one message, or many as they come.

import { count, element } from "./element.js";
import { isJSON, layOut } from "./json.js";

/** Messages beyond these are shown no longer; the oldest go first. */
const messageLimit = 1000;

/** A list that grows: its length is told with every change, but read aloud only at the end. */
export function messageView(result) {
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
    if (!number) verdict.replaceChildren(element("strong", {}, "Receiving messages…"));
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

export function showAnswer({ code, phrase, text = "", failure, words }, milliseconds, result) {
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

export const displayLimit = 100000;

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
