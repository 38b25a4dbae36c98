// What is known: reads what api/services and its neighbours tell, and follows api/events.
// Every address is relative, so the page also works behind a path prefix.

export const state = {
  status: null, // data of api/status
  services: null, // Map from name to versions; null until the first answer
  applications: [], // data of api/apps
  problem: "", // why the services could not be read
};

/** The answer's object. Throws an error with words for the reader. */
export async function fetchJSON(path) {
  let response;
  try {
    response = await fetch(path, { headers: { Accept: "application/json" }, cache: "no-store" });
  } catch {
    throw new Error("The dashboard does not answer. Is it still running?");
  }
  const body = await response.json().catch(() => null);
  if (response.ok && body) return body;
  throw new Error(body?.error?.detail ?? body?.detail ?? `The dashboard answered ${response.status}.`);
}

/** What is called with everything that changes, and with how news come: a class and words. */
let [show, tell] = [() => {}, () => {}];

let isLoading = false;
let mustLoadAgain = false;

/** The catalog that was last told of, and how often to ask for it yet: another thread may answer, and be late. */
const news = { generation: 0, attempts: 0 };

function hear(event) {
  Object.assign(news, { generation: JSON.parse(event.data).generation, attempts: 20 });
  load();
}

/** Reads everything again. Changes that come meanwhile cause one more reading, not one each. */
export async function load() {
  if (isLoading) {
    mustLoadAgain = true;
    return;
  }
  isLoading = true;
  try {
    const answers = await Promise.all(["api/status", "api/services", "api/apps"].map(fetchJSON));
    const [status, services, applications] = answers.map((answer) => answer.data);
    const generations = [status.registry.generation, answers[1].generation, answers[2].generation];
    if (Math.min(...generations) < news.generation && news.attempts-- > 0) mustLoadAgain = true;
    Object.assign(state, { status, services: grouped(services), applications });
    state.problem = "";
  } catch (error) {
    state.problem = error.message;
  }
  isLoading = false;
  show();
  if (mustLoadAgain) {
    mustLoadAgain = false;
    setTimeout(load, 250);
  }
}

function grouped(services) {
  const groups = new Map();
  for (const service of services) groups.set(service.name, [...(groups.get(service.name) ?? []), service]);
  return groups;
}

let retryDelay = 1000;

/** Reads everything, and again whenever something changes. */
export function follow(showChanges, tellConnection) {
  [show, tell] = [showChanges, tellConnection];
  load();
  connect();
}

function connect() {
  const events = new EventSource("api/events");
  events.addEventListener("open", () => {
    retryDelay = 1000;
    tell("good", "Live");
  });
  events.addEventListener("catalog", hear);
  events.addEventListener("error", () => {
    tell("bad", "Reconnecting…");
    // The browser tries again by itself, except after an answer that is no stream of events. Why, the others tell.
    if (events.readyState !== EventSource.CLOSED) return;
    load();
    setTimeout(connect, retryDelay);
    retryDelay = Math.min(retryDelay * 2, 30000);
  });
}
