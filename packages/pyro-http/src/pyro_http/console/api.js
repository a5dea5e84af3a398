// Requests to the gateway that this page came from, and to nobody else.

const ROOT = new URL("..", document.baseURI);
const KEY = "pyro-token";

export class ProblemError extends Error {
  constructor(problem, status) {
    super(problem.detail || problem.title || `HTTP ${status}`);
    this.problem = problem;
    this.status = status;
  }
}

let askForToken = null;
let asking = null;

// Gets a function that asks the user for a token, and says why.
export function onUnauthorized(ask) {
  askForToken = ask;
}

function token() {
  return sessionStorage.getItem(KEY);
}

async function send(path, options = {}) {
  const headers = new Headers(options.headers);
  if (token()) headers.set("Authorization", `Bearer ${token()}`);
  const response = await fetch(new URL(path, ROOT), { ...options, headers, credentials: "omit" });
  if (response.status === 401 && askForToken) {
    asking ??= askForToken(token() !== null).finally(() => { asking = null; });
    sessionStorage.setItem(KEY, await asking);
    return send(path, options);
  }
  if (!response.ok) throw new ProblemError(await problemOf(response), response.status);
  return response;
}

async function problemOf(response) {
  try {
    return await response.json();
  } catch {
    return { title: response.statusText, detail: `The gateway answered with ${response.status}.` };
  }
}

const part = encodeURIComponent;

export async function describe(name) {
  return (await send(`objects/${part(name)}`)).json();
}

export async function ping(name) {
  return (await send(`objects/${part(name)}/ping`)).json();
}

export async function readAttribute(name, attribute) {
  return (await (await send(`objects/${part(name)}/attributes/${part(attribute)}`)).json()).value;
}

export async function writeAttribute(name, attribute, value) {
  await send(`objects/${part(name)}/attributes/${part(attribute)}`, {
    method: "PUT",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ value }),
  });
}

export function callPath(name, method) {
  return new URL(`objects/${part(name)}/methods/${part(method)}`, ROOT);
}

// Gives the response. Whatever happens to the call comes as events: a result, items, or a problem.
export async function call(name, method, args, signal) {
  return send(`objects/${part(name)}/methods/${part(method)}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "text/event-stream" },
    body: JSON.stringify(args),
    signal,
  });
}

export async function nameEvents(signal) {
  return events(await send("names/events", { headers: { Accept: "text/event-stream" }, signal }));
}

// The server-sent events of a response, as they arrive.
export async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      text += value;
      const blocks = text.split("\n\n");
      text = blocks.pop();
      for (const block of blocks) {
        const fields = {};
        for (const line of block.split("\n")) {
          const colon = line.indexOf(": ");
          if (colon > 0) fields[line.slice(0, colon)] = line.slice(colon + 2);
        }
        if (fields.data !== undefined) yield { kind: fields.event ?? "message", data: JSON.parse(fields.data) };
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
