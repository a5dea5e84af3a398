// A form for the arguments of a method, made from what the object tells about them.

import { el, shortTypes } from "./dom.js";
import { isAny, parse, takes } from "./values.js";

let counter = 0;

function typeName(parameter) {
  return shortTypes(parameter.annotation) || "any value";
}

function control(parameter, id, describedBy) {
  const { schema } = parameter;
  const common = { id, "aria-describedby": describedBy, "aria-required": parameter.required ? "true" : undefined };
  if (Array.isArray(schema.enum) || schema.type === "boolean") {
    const choices = schema.enum ?? [true, false];
    const select = el("select", common);
    if (!parameter.required) select.append(el("option", { value: "" }, `default: ${parameter.default}`));
    for (const one of choices) select.append(el("option", { value: JSON.stringify(one) }, typeof one === "boolean" ? (one ? "True" : "False") : String(one)));
    return select;
  }
  const placeholder = parameter.required ? "" : parameter.kind.startsWith("variadic") ? "none" : `default: ${parameter.default}`;
  if (parameter.kind.startsWith("variadic") || (!isAny(schema) && needsJson(schema))) {
    return el("textarea", { ...common, rows: 2, spellcheck: "false", placeholder: placeholder || example(schema) });
  }
  const isNumber = takes(schema, "integer") || takes(schema, "number");
  return el("input", { ...common, type: "text", inputmode: isNumber ? "decimal" : undefined, autocomplete: "off", spellcheck: "false", placeholder });
}

function needsJson(schema) {
  if (takes(schema, "array")) return true;
  if (takes(schema, "object")) return true;
  return Boolean(schema.$ref);
}

function example(schema) {
  if (takes(schema, "array")) return "[1, 2]";
  if (schema.$ref?.endsWith("/Bytes")) return '{"$bytes": "aGVsbG8="}';
  return '{"key": "value"}';
}

function hint(parameter) {
  const words = [typeName(parameter)];
  if (parameter.kind === "variadic positional") words.push("JSON array, any number of arguments");
  else if (parameter.kind === "variadic keyword") words.push("JSON object, arguments by name");
  else if (!parameter.required) words.push("optional");
  return words.join(" · ");
}

// The form; `read()` gives the arguments, or throws after marking what is wrong.
export function argumentsForm(method, onSubmit, submitLabel) {
  const unknown = method.parameters === null;
  const parameters = unknown
    ? [
      { name: "args", kind: "variadic positional", annotation: "", required: false, schema: { $ref: "" } },
      { name: "kwargs", kind: "variadic keyword", annotation: "", required: false, schema: { $ref: "" } },
    ]
    : method.parameters;
  const fields = parameters.map((parameter) => {
    const id = `field-${(counter += 1)}`;
    const input = control(parameter, id, `${id}-hint ${id}-error`);
    const error = el("p", { class: "field-error", id: `${id}-error` });
    const row = el(
      "div",
      { class: "field" },
      el("label", { for: id }, parameter.name, parameter.required ? el("span", { class: "required", title: "required", "aria-hidden": "true" }, "*") : null),
      el("div", { class: "control" }, input, el("p", { class: "hint", id: `${id}-hint` }, hint(parameter)), error),
    );
    return { parameter, input, error, row };
  });
  const button = el("button", { class: "strong", type: "submit" }, submitLabel);
  const more = el("span", { class: "after" });
  const form = el("form", { class: "arguments", novalidate: true, onsubmit: (event) => { event.preventDefault(); onSubmit(); } }, fields.map((field) => field.row), el("p", { class: "buttons" }, button, more));

  function mark(field, text) {
    field.error.textContent = text;
    field.input.toggleAttribute("aria-invalid", Boolean(text));
    if (text) field.input.setAttribute("aria-invalid", "true");
  }

  function valueOf({ parameter, input }) {
    if (input instanceof HTMLSelectElement) return input.value === "" ? undefined : JSON.parse(input.value);
    const text = input.value;
    if (parameter.kind.startsWith("variadic")) {
      if (!text.trim()) return parameter.kind === "variadic keyword" ? {} : [];
      const value = JSON.parse(text);
      if (Array.isArray(value) !== (parameter.kind === "variadic positional")) throw new Error("Expected another kind of JSON");
      return value;
    }
    if (text === "" && !parameter.required) return undefined;
    if (text === "" && !takes(parameter.schema, "string") && !isAny(parameter.schema)) throw new Error("This one is needed");
    return parse(text, parameter.schema);
  }

  function read() {
    const args = [];
    const kwargs = {};
    let wrong = null;
    const hasMore = parameters.some((one) => one.kind === "variadic positional") && !unknown;
    for (const field of fields) {
      mark(field, "");
      try {
        const value = valueOf(field);
        const { kind, name } = field.parameter;
        if (value === undefined) continue;
        if (kind === "variadic positional") args.push(...value);
        else if (kind === "variadic keyword") Object.assign(kwargs, value);
        else if (kind === "positional-only" || (hasMore && kind === "positional")) args.push(value);
        else kwargs[name] = value;
      } catch (problem) {
        mark(field, problem instanceof SyntaxError ? "This is no JSON" : problem.message);
        wrong ??= field;
      }
    }
    if (wrong) {
      wrong.input.focus();
      throw new Error("Some arguments cannot be used");
    }
    return { ...(args.length ? { args } : {}), ...(Object.keys(kwargs).length ? { kwargs } : {}) };
  }

  // What the gateway found wrong, beside the fields that it is about.
  function markFindings(findings) {
    let first = null;
    for (const { pointer, detail } of findings ?? []) {
      const [, where, which] = pointer.split("/");
      const field = where === "kwargs"
        ? fields.find(({ parameter }) => parameter.name === which)
        : fields[Number(which)];
      if (field) {
        mark(field, detail.charAt(0).toUpperCase() + detail.slice(1));
        first ??= field;
      }
    }
    first?.input.focus();
  }

  return { form, button, more, read, markFindings };
}
