// What is told of the certificates that clients are shown.

import { count, element } from "./element.js";
import { state } from "./state.js";

const day = 86_400_000;

/** Of each, the parts of what is told, and whether it is urgent: whoever renews by hand is warned two weeks before. */
export function certificates() {
  return (state.status?.certificates ?? []).map(({ names, expires }) => {
    const days = Math.floor((new Date(expires) - Date.now()) / day);
    const end = element("time", { datetime: expires, title: expires },
      new Date(expires).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" }));
    const rest = days < 0 ? " It has expired: clients refuse it." : ` That is ${count(days, "more day")}.`;
    const parts = [`The certificate for ${names.join(", ") || "no name"} is valid until `, end, ".", rest];
    return { parts, isUrgent: days < 14 };
  });
}
