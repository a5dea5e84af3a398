// Values as people read them, and what people type as values.

import { el, plural } from "./dom.js";

const SHOWN = 200;
const FORMS = { $datetime: "datetime", $date: "date", $time: "time", $decimal: "decimal", $uuid: "UUID", $float: "float", $object: "remote object" };

function form(value) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  const names = Object.keys(value);
  return names.length === 1 && names[0].startsWith("$") ? names[0] : null;
}

function items(open, close, parts, depth, word) {
  if (!parts.length) return el("span", { class: "v-mark" }, open + close);
  const inner = el("span", { class: "v-inner" });
  parts.slice(0, SHOWN).forEach((one, index) => {
    inner.append(el("span", { class: "v-row" }, one, index < parts.length - 1 ? el("span", { class: "v-mark" }, ",") : null));
  });
  if (parts.length > SHOWN) inner.append(el("span", { class: "v-row v-mark" }, `… and ${parts.length - SHOWN} more`));
  const head = el("summary", {}, el("span", { class: "v-mark" }, open), el("span", { class: "v-note" }, plural(parts.length, word)));
  return el("details", { class: "v-tree", open: depth < 3 && parts.length <= 50 }, head, inner, el("span", { class: "v-mark" }, close));
}

function special(name, content, depth) {
  if (name === "$bytes") {
    const size = Math.floor((content.length * 3) / 4) - (content.match(/=+$/)?.[0].length ?? 0);
    return el("span", { class: "v-form", title: content.slice(0, 400) }, el("b", {}, "bytes"), ` ${plural(size, "byte")}`, el("code", {}, content.slice(0, 60) + (content.length > 60 ? "…" : "")));
  }
  if (name === "$tuple") return items("(", ")", content.map((one) => show(one, depth + 1)), depth, "item");
  if (name === "$set") return items("{", "}", content.map((one) => show(one, depth + 1)), depth, "item");
  if (name === "$dict") {
    return items("{", "}", content.map(([key, one]) => el("span", {}, show(key, depth + 1), el("span", { class: "v-mark" }, ": "), show(one, depth + 1))), depth, "entry");
  }
  if (name === "$timedelta") return el("span", { class: "v-form" }, el("b", {}, "timedelta"), ` ${content} s`);
  const word = FORMS[name];
  return el("span", { class: "v-form" }, el("b", {}, word ?? name.slice(1)), ` ${typeof content === "string" ? content : JSON.stringify(content)}`);
}

// An element that shows a JSON value.
export function show(value, depth = 0) {
  if (value === null) return el("span", { class: "v-none" }, "None");
  if (typeof value === "string") return el("span", { class: "v-text" }, JSON.stringify(value));
  if (typeof value === "number") return el("span", { class: "v-number" }, String(value));
  if (typeof value === "boolean") return el("span", { class: "v-bool" }, value ? "True" : "False");
  if (Array.isArray(value)) return items("[", "]", value.map((one) => show(one, depth + 1)), depth, "item");
  const name = form(value);
  if (name) return special(name, value[name], depth);
  const parts = Object.entries(value).map(([key, one]) => el("span", {}, el("span", { class: "v-key" }, JSON.stringify(key)), el("span", { class: "v-mark" }, ": "), show(one, depth + 1)));
  return items("{", "}", parts, depth, "entry");
}

function allowed(schema, wanted) {
  if (!schema) return false;
  if (schema.type === wanted || (Array.isArray(schema.type) && schema.type.includes(wanted))) return true;
  return (schema.anyOf ?? []).some((one) => allowed(one, wanted));
}

export function takes(schema, kind) {
  return allowed(schema, kind);
}

export function isAny(schema) {
  return schema?.$ref === "#/components/schemas/Value";
}

// The value that a text means where a schema is expected; throws with a reason if it means none.
export function parse(text, schema) {
  const takesText = takes(schema, "string");
  if (schema?.type === "string") return text;
  try {
    const value = JSON.parse(text);
    if (takesText && typeof value === "number" && !takes(schema, "number") && !takes(schema, "integer")) return text;
    return value;
  } catch {
    if (takesText) return text;
    if (isAny(schema) && !/^[\s]*[[{"]/.test(text)) return text;
    const what = takes(schema, "integer") || takes(schema, "number") ? "a number" : 'JSON, such as [1, 2] or {"key": "text"}';
    throw new Error(`Expected ${what}`);
  }
}
