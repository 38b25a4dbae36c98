// What the hash says, so that any view can be pasted into a message.

/** The service, endpoint, search or question that is shown; each empty, or null, when there is none. */
export function view() {
  const hash = new URLSearchParams(location.hash.slice(1));
  return {
    service: hash.get("service") ?? "", endpoint: hash.get("endpoint") ?? "", search: hash.get("q") ?? "",
    explain: questionOf(hash),
  };
}

export function address({ service, endpoint, search, explain }) {
  const hash = new URLSearchParams(explain ? [["explain", explain.path], ...parametersOf(explain)] : []);
  if (service) hash.set("service", service);
  if (service && endpoint) hash.set("endpoint", endpoint);
  if (search) hash.set("q", search);
  return `#${hash}`;
}

/** Changes the hash without adding a step for the back button. */
export function amend(change) {
  history.replaceState(null, "", address({ ...view(), ...change }));
}

/** The request that a hash asks about; null when it is about something else. */
function questionOf(hash) {
  if (!hash.has("explain")) return null;
  const text = (name) => hash.get(name) ?? "";
  return {
    path: text("explain"), method: text("method") || "GET", host: text("host"), headers: hash.getAll("header"),
    body: text("body"), gateway: text("gateway"),
  };
}

/** The question without its path, as parameters that a hash and api/explain share. */
export function parametersOf({ method, host, headers, body, gateway }) {
  const parameters = new URLSearchParams();
  if (method && method !== "GET") parameters.set("method", method);
  if (host) parameters.set("host", host);
  for (const header of headers ?? []) parameters.append("header", header);
  if (body) parameters.set("body", body);
  if (gateway) parameters.set("gateway", gateway);
  return parameters;
}
