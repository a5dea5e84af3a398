// Calls the rocket, a Python object somewhere, with what every browser has.

const rocket = new URL("remote/objects/example.rocket/", location.href);
const show = (id, text) => { document.getElementById(id).textContent = text; };

/** What the gateway answers; an Error with the reason if it is a problem. */
async function ask(path, options) {
  const answer = await fetch(new URL(path, rocket), options);
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.detail);
  return body;
}

/** What a method returns. */
async function call(method, ...args) {
  const body = JSON.stringify({ args });
  const headers = { "Content-Type": "application/json" };
  return (await ask(`methods/${method}`, { method: "POST", headers, body })).result;
}

/** What a method yields, item by item. */
async function* stream(method, ...args) {
  const socket = new WebSocket(new URL(`streams/${method}`, rocket).href.replace("http", "ws"));
  const arrived = [];
  let wake;
  socket.onopen = () => socket.send(JSON.stringify({ args }));
  socket.onmessage = (event) => { arrived.push(JSON.parse(event.data)); wake?.(); };
  socket.onclose = () => { arrived.push({ problem: { detail: "the connection is closed" } }); wake?.(); };
  try {
    for (;;) {
      if (!arrived.length) await new Promise((resolve) => { wake = resolve; });
      const message = arrived.shift();
      if (!message) continue;
      if (message.end) return;
      if (message.problem) throw new Error(message.problem.detail);
      yield message.item;
    }
  } finally {
    socket.close(); // also ends the generator over there, if it is left early
  }
}

async function refresh() {
  const { value } = await ask("attributes/passengers");
  show("passengers", value.join(", ") || "nobody");
}

document.getElementById("boarding").addEventListener("submit", async (event) => {
  event.preventDefault();
  const name = document.getElementById("name").value;
  try {
    show("said", `${name} is on board, ${await call("board", name)} seats left`);
  } catch (problem) {
    show("said", `Sorry: ${problem.message}`);
  }
  await refresh();
});

document.getElementById("launch").addEventListener("click", async () => {
  show("countdown", "");
  for await (const item of stream("countdown", 3)) {
    document.getElementById("countdown").append(item, " ");
  }
});

await refresh();
