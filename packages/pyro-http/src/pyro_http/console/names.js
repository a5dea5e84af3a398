// The list of names: what the name server tells, as it happens.

import { byId, el, plural } from "./dom.js";
import { forget, format, samplesOf, sparkline } from "./latency.js";
import { leaseView, noteLease } from "./leases.js";

export const names = new Map();
const rows = new Map();
let query = "";
let opened = null;

export function setOpened(name) {
  opened = name;
  for (const [one, row] of rows) row.link.toggleAttribute("aria-current", one === name);
  rows.get(name)?.link.setAttribute("aria-current", "page");
}

export function search(text) {
  query = text.trim().toLowerCase();
  filter();
}

function matches(named) {
  return query.split(/\s+/).every((word) => named.name.toLowerCase().includes(word) || named.tags.some((tag) => tag.toLowerCase().includes(word)));
}

export function visible() {
  return [...rows].filter(([, row]) => !row.item.hidden).map(([name]) => name);
}

export function apply(named) {
  names.set(named.name, noteLease(named));
  const before = rows.get(named.name);
  const row = makeRow(named);
  rows.set(named.name, row);
  if (before) before.item.replaceWith(row.item);
  else insert(row, named.name);
  row.item.hidden = !matches(named);
  drawHealth(named.name);
  setOpened(opened);
}

function insert(row, name) {
  row.item.dataset.name = name;
  const next = [...byId("list").children].find((other) => other.dataset.name > name);
  byId("list").insertBefore(row.item, next ?? null);
}

export function remove(name) {
  names.delete(name);
  forget(name);
  const row = rows.get(name);
  rows.delete(name);
  if (!row) return;
  row.item.classList.add("leaving");
  setTimeout(() => row.item.remove(), matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 350);
  filter();
}

export function keepOnly(wanted) {
  for (const name of [...names.keys()]) if (!wanted.has(name)) remove(name);
}

function makeRow(named) {
  const health = el("span", { class: "health" });
  const picture = el("span", { class: "picture" });
  const lease = named.lease ? leaseView(named) : null;
  const link = el(
    "a",
    { href: `#/${encodeURIComponent(named.name)}` },
    el("span", { class: "name-line" }, health, el("span", { class: "name" }, named.name), picture),
    named.tags.length || lease ? el("span", { class: "details" }, named.tags.slice(0, 6).map((tag) => el("span", { class: "tag" }, tag)), lease) : null,
  );
  const item = el("li", { "data-name": named.name }, link);
  return { item, link, health, picture, lease };
}

export function drawHealth(name) {
  const row = rows.get(name);
  if (!row) return;
  const last = samplesOf(name).at(-1);
  const state = last === undefined ? "unknown" : last === null ? "down" : "up";
  const words = { unknown: "not asked yet", down: "does not answer", up: `answers in ${format(last)}` };
  row.health.className = `health ${state}`;
  row.health.title = words[state];
  row.health.replaceChildren(el("span", { class: "unseen" }, `${words[state]}: `));
  const picture = sparkline(name, 64, 18);
  picture.setAttribute("aria-hidden", "true");
  row.picture.replaceChildren(picture);
}

export function filter() {
  for (const [name, row] of rows) row.item.hidden = !matches(names.get(name));
  const found = visible().length;
  byId("search-count").textContent = query ? `${found} of ${plural(names.size, "object")}` : plural(names.size, "object");
}

export function tick() {
  for (const row of rows.values()) row.lease?.tick();
}

// Arrow keys go from name to name.
export function onKey(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  const links = visible().sort().map((name) => rows.get(name).link);
  const next = links[links.indexOf(document.activeElement) + step];
  if (next) next.focus();
  else if (step < 0) byId("search").focus();
  event.preventDefault();
}
