// How quickly each object has answered lately, and a small picture of it.

import { svg } from "./dom.js";

const KEPT = 40;
const FEW = 12;
const known = new Map();

// Takes milliseconds, or null when there was no answer.
export function note(name, milliseconds) {
  const samples = known.get(name) ?? [];
  samples.push(milliseconds);
  if (samples.length > KEPT) samples.shift();
  known.set(name, samples);
}

export function samplesOf(name) {
  return known.get(name) ?? [];
}

export function forget(name) {
  known.delete(name);
}

export function format(milliseconds) {
  if (milliseconds === null || milliseconds === undefined) return "no answer";
  if (milliseconds >= 1000) return `${(milliseconds / 1000).toFixed(2)} s`;
  return `${milliseconds.toFixed(milliseconds < 10 ? 1 : 0)} ms`;
}

export function summary(name) {
  const answered = samplesOf(name).filter((one) => one !== null).sort((a, b) => a - b);
  if (!answered.length) return null;
  return { least: answered[0], median: answered[Math.floor(answered.length / 2)], most: answered.at(-1), count: answered.length };
}

export function sparkline(name, width, height) {
  const samples = samplesOf(name);
  const top = Math.max(1, ...samples.map((one) => one ?? 0)) * 1.15;
  const step = (width - 4) / (Math.max(samples.length, FEW) - 1);
  const start = width - 3 - (samples.length - 1) * step;
  const points = [];
  const gaps = [];
  samples.forEach((one, index) => {
    const x = start + index * step;
    if (one === null) gaps.push(x);
    else points.push([x, height - 2 - (one / top) * (height - 4)]);
  });
  const found = summary(name);
  const label = found
    ? `Answers take ${format(found.median)}, at least ${format(found.least)} and at most ${format(found.most)}`
    : "Not measured yet";
  const picture = svg("svg", { class: "sparkline", viewBox: `0 0 ${width} ${height}`, width, height, preserveAspectRatio: "none", role: "img", "aria-label": label });
  if (points.length > 1) {
    const line = points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ");
    picture.append(
      svg("polygon", { class: "area", points: `${points[0][0].toFixed(1)},${height} ${line} ${points.at(-1)[0].toFixed(1)},${height}` }),
      svg("polyline", { class: "line", points: line }),
    );
  }
  for (const x of gaps) picture.append(svg("line", { class: "gap", x1: x, x2: x, y1: 2, y2: height - 2 }));
  if (points.length) picture.append(svg("circle", { class: "last", cx: points.at(-1)[0], cy: points.at(-1)[1], r: 2.2 }));
  return picture;
}
