// The same for a terminal: calls as lines for curl and micro, and questions for `micro explain`.

import { element } from "./element.js";
import { bodyOf } from "./rpc.js";
import { state } from "./state.js";

/** The gateway's address where it takes such calls, else that of this page. */
function rpcAddress() {
  const gateway = state.status?.gateway;
  return gateway?.rpc ? `${gateway.url.replace(/\/$/, "")}/rpc` : new URL("rpc", document.baseURI).href;
}

const quote = (text) => `'${text.replaceAll("'", `'\\''`)}'`;

/** A word that needs no quotation marks stays as it is. */
const plain = (word) => (/^[\w./:@%+,=-]+$/.test(word) ? word : quote(word));

/** A call, as `read` in call.js returns it, for curl. */
export function curlLine(written) {
  const fields = [["Content-Type", "application/json"], ...written.fields];
  if (written.seconds) fields.push(["Timeout", written.seconds]);
  return [`curl -sS${written.streams ? "N" : ""}`, ...fields.map(([name, value]) => `-H ${quote(`${name}: ${value}`)}`),
    "-d", quote(bodyOf(written)), quote(rpcAddress())].join(" ");
}

/** The same for micro. */
export function microLine({ service, endpoint, request, streams, fields, seconds }) {
  const words = [`micro ${streams ? "stream" : "call"}`, plain(service), plain(endpoint), quote(request)];
  for (const [name, value] of fields) words.push(`--metadata=${plain(`${name}=${value}`)}`);
  if (seconds) words.push(`--client_request_timeout=${seconds}s`);
  return words.join(" ");
}

/** Shows a line of that name in the place, and puts it into the clipboard. */
export async function copyLine(name, line, place) {
  const text = element("textarea", { id: "line", readonly: true, rows: "3" });
  text.value = line;
  const note = element("span", { role: "status" }, "copied");
  place.replaceChildren(element("p", {}, element("label", { for: "line" }, name), " – ", note), text);
  try {
    await navigator.clipboard.writeText(line);
  } catch {
    // There is no clipboard outside localhost and HTTPS, and a browser may refuse it.
    note.textContent = "press Ctrl+C to copy";
    text.focus();
    text.select();
  }
}

/** The same question for a terminal. */
export function commandOf({ method, path, host, headers, body, gateway }) {
  const words = ["micro explain", plain(method), plain(path)];
  if (host) words.push(`--host=${plain(host)}`);
  for (const header of headers) words.push(`--header=${quote(header)}`);
  if (body) words.push(`--data=${quote(body)}`);
  if (gateway) words.push(`--gateway=${plain(gateway)}`);
  return words.join(" ");
}
