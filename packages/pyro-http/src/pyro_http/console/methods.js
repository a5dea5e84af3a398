// Calling a method: its form, and what comes back - a value, a stream, or an exception.

import { ProblemError, call, callPath, events } from "./api.js";
import { el, plural, shortTypes } from "./dom.js";
import { argumentsForm } from "./forms.js";
import { format, note } from "./latency.js";
import { show } from "./values.js";

const SHOWN_ITEMS = 500;
const KINDS = { oneway: "one-way", generator: "stream", async: "async" };

export function methodSection(name, method, onCalled) {
  const output = el("div", { class: "output", role: "region", "aria-label": `Result of ${method.name}`, "aria-live": "polite" });
  const isStream = method.kind === "generator";
  let running = null;

  async function run() {
    if (running) {
      running.abort();
      return;
    }
    let args;
    try {
      args = fields.read();
    } catch {
      return;
    }
    running = new AbortController();
    fields.button.textContent = isStream ? "Stop" : "Give up";
    fields.button.classList.add("busy");
    output.replaceChildren(el("p", { class: "waiting" }, isStream ? "Waiting for the first item …" : "Waiting for the answer …"));
    const began = performance.now();
    try {
      const response = await call(name, method.name, args, running.signal);
      await showEvents(response, began, running.signal);
    } catch (problem) {
      if (problem.name === "AbortError") output.replaceChildren(el("p", { class: "waiting" }, "Given up."));
      else showProblem(problem, performance.now() - began);
    } finally {
      running = null;
      fields.button.textContent = isStream ? "Start" : "Call";
      fields.button.classList.remove("busy");
      output.scrollIntoView({ block: "nearest" });
      onCalled();
    }
  }

  async function showEvents(response, began, signal) {
    const correlation = el("span", { class: "correlation", title: "Correlation id" }, response.headers.get("x-correlation-id"));
    let stream = null;
    for await (const { kind, data } of tilStopped(events(response), signal)) {
      const took = performance.now() - began;
      if (kind === "result" || kind === "sent") {
        note(name, took);
        const sent = kind === "sent";
        output.replaceChildren(
          el("p", { class: "facts" }, el("span", { class: "badge good" }, sent ? "sent" : "returned"), sent ? " Nobody waits for a result." : ` in ${format(took)}`, correlation),
          sent ? "" : el("div", { class: "value" }, show(data)),
        );
        return;
      }
      if (kind === "problem") {
        showProblem(new ProblemError(data, data.status), took, stream?.list);
        return;
      }
      if (!stream) {
        stream = beginStream();
        output.scrollIntoView({ block: "nearest" });
      }
      if (kind === "item") stream.add(data);
      else if (kind === "end") {
        stream.end("ended", "good");
        return;
      }
    }
    stream ??= beginStream();
    stream.end(signal.aborted ? "stopped" : "broken off", signal.aborted ? "" : "bad");
  }

  function beginStream() {
    const badge = el("span", { class: "badge live" }, "streaming");
    const count = el("span", {}, "");
    const list = el("ol", { class: "items", tabindex: "0", "aria-label": "Items" });
    output.replaceChildren(el("p", { class: "facts" }, badge, " ", count), list);
    const began = performance.now();
    let items = 0;
    return {
      list,
      add(data) {
        items += 1;
        const atEnd = list.scrollTop + list.clientHeight >= list.scrollHeight - 8;
        list.append(el("li", { value: items }, show(data)));
        if (list.children.length > SHOWN_ITEMS) list.firstElementChild.remove();
        if (atEnd) list.scrollTop = list.scrollHeight;
        const rate = items / Math.max((performance.now() - began) / 1000, 0.001);
        count.textContent = `${plural(items, "item")} · ${rate >= 10 ? rate.toFixed(0) : rate.toFixed(1)} a second`;
      },
      end(word, kind) {
        badge.textContent = word;
        badge.className = `badge ${kind}`;
        count.textContent = `${plural(items, "item")} in ${format(performance.now() - began)}`;
      },
    };
  }

  function showProblem(error, took, before = null) {
    const problem = error instanceof ProblemError ? error.problem : { title: "The gateway cannot be reached", detail: error.message };
    const { exception } = problem;
    const parts = [el("p", { class: "facts" }, el("span", { class: "badge bad" }, exception ? "raised" : "failed"), ` after ${format(took)}`)];
    if (exception) {
      parts.push(el("p", { class: "exception" }, el("strong", {}, exception.type), exception.message ? `: ${exception.message}` : ""));
      parts.push(exception.traceback ? traceback(exception.traceback) : el("p", { class: "hint" }, "This gateway shows no remote tracebacks."));
    } else {
      parts.push(el("p", { class: "exception" }, el("strong", {}, problem.title), `: ${problem.detail}`));
      fields.markFindings(problem.errors);
    }
    if (before) parts.splice(1, 0, before);
    output.replaceChildren(...parts);
  }

  const fields = argumentsForm(method, run, isStream ? "Start" : "Call");
  fields.more.append(el("button", { class: "quiet", type: "button", onclick: copy }, "Copy as curl"));

  async function copy(event) {
    let args;
    try {
      args = fields.read();
    } catch {
      return;
    }
    const quoted = JSON.stringify(args).replaceAll("'", "'\\''");
    const command = `curl -X POST '${callPath(name, method.name)}' -H 'Content-Type: application/json' -d '${quoted}'`;
    const button = event.currentTarget;
    try {
      await navigator.clipboard.writeText(command);
      button.textContent = "Copied";
    } catch {
      output.replaceChildren(el("pre", { class: "trace" }, command));
      return;
    }
    setTimeout(() => { button.textContent = "Copy as curl"; }, 1500);
  }

  const summary = el(
    "summary",
    {},
    el("code", { class: "signature" }, el("b", {}, method.name), shortTypes(method.signature)),
    KINDS[method.kind] ? el("span", { class: `kind ${method.kind}` }, KINDS[method.kind]) : null,
  );
  return el("details", { class: "method", "data-method": method.name }, summary, el("div", { class: "inside" }, method.doc ? el("p", { class: "doc" }, method.doc) : null, fields.form, output));
}

// Events until the user has seen enough.
async function* tilStopped(source, signal) {
  try {
    yield* source;
  } catch (problem) {
    if (!signal.aborted) throw problem;
  }
}

// A remote traceback: the lines of the user's own code stand out.
function traceback(text) {
  const block = el("pre", { class: "trace", tabindex: "0", "aria-label": "Remote traceback" });
  for (const line of text.trimEnd().split("\n")) {
    const kind = line.startsWith("  File ") ? "where" : line.startsWith(" ") ? "source" : "said";
    block.append(el("span", { class: kind }, line), "\n");
  }
  return block;
}
