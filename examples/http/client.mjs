// Usage: node client.mjs URL
const gateway = process.argv[2];

/** What a method of the shop returns. */
async function call(method, ...args) {
  const answer = await fetch(`${gateway}/objects/http.shop/methods/${method}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ args }),
  });
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.detail);
  return body.result;
}

console.log("nails left:", await call("take", "nail", 10));
try {
  await call("take", "hammer", 2);
} catch (problem) {
  console.log("problem:", problem.message);
}
