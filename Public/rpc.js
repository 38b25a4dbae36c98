// Calls through rpc: one message there, and one or many back.

import { messageView, showAnswer } from "./answer.js";

/** Proves that a request comes from this page, and not from one of a web application beside it. */
const token = document.querySelector("meta[name=micro-token]").content;

/** The body of a call. The request is written as it is, so that its numbers keep every digit. */
export const bodyOf = ({ service, endpoint, request }) =>
  `{"service":${JSON.stringify(service)},"endpoint":${JSON.stringify(endpoint)},"request":${request}}`;

function post(written, accept, signal) {
  const headers = new Headers(written.fields);
  if (written.seconds) headers.set("Timeout", written.seconds);
  headers.set("Content-Type", "application/json");
  headers.set("Accept", accept);
  headers.set("X-Micro-Token", token);
  return fetch("rpc", { method: "POST", headers, body: bodyOf(written), cache: "no-store", signal });
}

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
export function call(written, button, result) {
  return whilePending(button, "Cancel", async (signal) => {
    const answer = await post(written, "*/*", signal).then(textOf)
      .catch((error) => (error.name === "AbortError" ? cancelled : noAnswer));
    return (milliseconds) => showAnswer(answer, milliseconds, result);
  });
}

const lineType = "application/x-ndjson";

/** Sends the call and shows each message as it comes. */
export function stream(written, button, result) {
  return whilePending(button, "Stop", async (signal) => {
    const messages = messageView(result);
    try {
      const response = await post(written, lineType, signal);
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
