// The page of one object.

import { ProblemError, describe, readAttribute, writeAttribute } from "./api.js";
import { byId, el, plural } from "./dom.js";
import { format, samplesOf, sparkline, summary } from "./latency.js";
import { leaseView } from "./leases.js";
import { methodSection } from "./methods.js";
import { parse, show } from "./values.js";

let current = null;

export function currentName() {
  return current?.name ?? null;
}

// All objects at a glance; called again whenever something has changed.
export function showOverview(all) {
  current = null;
  document.title = "Remote objects";
  if (all.length) {
    const focused = document.activeElement?.classList.contains("card") ? document.activeElement.hash : null;
    byId("content").replaceChildren(el("h1", { tabindex: "-1" }, plural(all.length, "object")), el("div", { class: "cards" }, all.map(card)));
    if (focused) [...byId("content").querySelectorAll(".card")].find((one) => one.hash === focused)?.focus();
    return;
  }
  byId("content").replaceChildren(
    el(
      "div",
      { class: "empty" },
      el("img", { src: "icon.svg", alt: "", width: 64, height: 64 }),
      el("h1", { tabindex: "-1" }, "No objects yet"),
      el("p", {}, "Objects appear here as soon as they are registered, under a name that is offered."),
      el("p", { class: "keys" }, el("kbd", {}, "/"), " searches · ", el("kbd", {}, "↑"), el("kbd", {}, "↓"), " move · ", el("kbd", {}, "Enter"), " opens"),
    ),
  );
}

function card(named) {
  const found = summary(named.name);
  const down = samplesOf(named.name).at(-1) === null;
  return el(
    "a",
    { class: down ? "card down" : "card", href: `#/${encodeURIComponent(named.name)}` },
    el("span", { class: "card-name" }, named.name),
    el("span", { class: "card-figure" }, down ? "no answer" : found ? format(found.median) : "–"),
    sparkline(named.name, 200, 40),
    named.lease ? leaseView(named) : el("span", { class: "muted" }, named.tags.slice(0, 3).join(" · ") || "permanent"),
  );
}

export async function openObject(name, named) {
  current = { name, named };
  document.title = `${name} – Remote objects`;
  const page = byId("content");
  page.replaceChildren(el("p", { class: "waiting", role: "status" }, `Asking ${name} …`));
  let found;
  try {
    found = await describe(name);
  } catch (problem) {
    if (currentName() === name) showFailure(name, problem);
    return;
  }
  if (currentName() !== name) return;
  const title = el("h1", { tabindex: "-1" }, name);
  const latency = el("div", { class: "latency" });
  const lease = el("div", { class: "lease-slot" });
  current = { name, latency, lease };
  page.replaceChildren(
    el("header", { class: "object-head" }, el("div", {}, title, facts(found), found.doc ? el("p", { class: "doc" }, found.doc) : null, lease), latency),
    found.methods.length ? section("Methods", found.methods.map((one) => methodSection(name, one, drawLatency))) : "",
    found.attributes.length ? section("Attributes", [attributeTable(name, found.attributes)]) : "",
  );
  updateLease(named ?? found);
  drawLatency();
  title.focus({ preventScroll: true });
}

function facts(found) {
  const made = found.protocol ? `protocol ${found.protocol}` : "";
  return el(
    "p",
    { class: "facts" },
    found.class ? el("code", {}, found.class) : null,
    found.tags.map((tag) => el("span", { class: "tag" }, tag)),
    el("span", { class: "muted" }, made),
  );
}

function section(title, children) {
  return el("section", { "aria-label": title }, el("h2", {}, title), children);
}

function showFailure(name, error) {
  const problem = error instanceof ProblemError ? error.problem : { title: "The gateway cannot be reached", detail: error.message };
  byId("content").replaceChildren(
    el("div", { class: "empty", role: "alert" }, el("h1", { tabindex: "-1" }, name), el("p", { class: "exception" }, el("strong", {}, problem.title)), el("p", {}, problem.detail)),
  );
}

export function drawLatency() {
  if (!current?.latency) return;
  const found = summary(current.name);
  current.latency.replaceChildren(
    el("p", { class: "big" }, found ? format(found.median) : "–"),
    sparkline(current.name, 220, 48),
    el("p", { class: "muted" }, found ? `${format(found.least)} to ${format(found.most)} · ${plural(found.count, "answer")}` : "Measuring …"),
  );
}

export function updateLease(named) {
  if (!current?.lease) return;
  current.lease.replaceChildren(named?.lease ? leaseView(named) : "");
}

export function markGone(why) {
  if (!current) return;
  const page = byId("content");
  if (!page.querySelector(".gone")) page.prepend(el("p", { class: "gone", role: "alert" }, `This name is gone: it was ${why}.`));
}

export function markBack() {
  byId("content").querySelector(".gone")?.remove();
}

function attributeTable(name, attributes) {
  const body = el("tbody", {});
  for (const attribute of attributes) {
    const cell = el("td", { class: "value" }, "…");
    const read = async () => {
      try {
        cell.replaceChildren(show(await readAttribute(name, attribute.name)));
      } catch (problem) {
        cell.replaceChildren(el("span", { class: "exception" }, problem.message));
      }
    };
    const buttons = el("td", { class: "buttons" }, el("button", { class: "quiet", type: "button", onclick: read, "aria-label": `Read ${attribute.name} again` }, "Read"));
    if (attribute.writable) buttons.append(el("button", { class: "quiet", type: "button", onclick: () => edit(name, attribute, cell, read), "aria-label": `Change ${attribute.name}` }, "Change"));
    body.append(el("tr", { "data-attribute": attribute.name }, el("th", { scope: "row" }, el("code", {}, attribute.name), el("span", { class: "hint" }, attribute.annotation), attribute.doc ? el("span", { class: "hint" }, attribute.doc) : null), cell, buttons));
    read();
  }
  return el("table", { class: "attributes" }, body);
}

function edit(name, attribute, cell, read) {
  const input = el("input", { type: "text", "aria-label": `New value of ${attribute.name}`, spellcheck: "false", autocomplete: "off" });
  const error = el("p", { class: "field-error", role: "alert" });
  const form = el("form", {
    class: "edit",
    onsubmit: async (event) => {
      event.preventDefault();
      try {
        await writeAttribute(name, attribute.name, parse(input.value, attribute.schema));
        await read();
      } catch (problem) {
        error.textContent = problem.message;
      }
    },
    onkeydown: (event) => { if (event.key === "Escape") read(); },
  }, input, el("button", { class: "strong", type: "submit" }, "Write"), error);
  cell.replaceChildren(form);
  input.focus();
}
