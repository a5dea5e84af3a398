// Leases count down between what the gateway tells, which is about every two seconds.

import { el } from "./dom.js";

// Says when a lease will end, on the clock of this page.
export function noteLease(named) {
  if (named.lease && named.lease.left_s !== null) named.endsAt = performance.now() / 1000 + named.lease.left_s;
  return named;
}

function left(named) {
  return named.endsAt === undefined ? null : Math.max(0, named.endsAt - performance.now() / 1000);
}

export function leaseText(named) {
  const seconds = left(named);
  if (seconds === null) return `lease of ${named.lease.ttl_s} s`;
  return seconds >= 120 ? `${Math.round(seconds / 60)} min left` : `${Math.ceil(seconds)} s left`;
}

export function leaseView(named) {
  const bar = el("progress", { class: "lease-bar", max: named.lease.ttl_s, "aria-label": "What is left of the lease" });
  const text = el("span", {}, leaseText(named));
  const view = el("span", { class: "lease", title: `Lease of ${named.lease.ttl_s} s, renewed by its server` }, bar, text);
  const tick = () => {
    const seconds = left(named);
    bar.value = seconds ?? named.lease.ttl_s;
    text.textContent = leaseText(named);
    view.classList.toggle("low", seconds !== null && seconds < named.lease.ttl_s / 4);
  };
  tick();
  view.tick = tick;
  return view;
}
