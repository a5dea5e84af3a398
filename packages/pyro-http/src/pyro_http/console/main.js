// Puts the page together: events from the gateway, the address in the browser, signs of life, keys, colours.

import { ProblemError, nameEvents, onUnauthorized, ping } from "./api.js";
import { byId } from "./dom.js";
import { note } from "./latency.js";
import { noteLease } from "./leases.js";
import * as list from "./names.js";
import * as page from "./object.js";

const PING_MS = 2000;
const MOST_PINGS = 40;
const AT_ONCE = 4;
let ready = false;

function status(text, kind) {
  byId("status").className = `status ${kind}`;
  byId("status-text").textContent = text;
}

let news = "";
function announce(text) {
  news = text;
  byId("news").textContent = news;
}

// ---- names

async function follow() {
  for (let pause = 500; ; pause = Math.min(pause * 2, 8000)) {
    try {
      const seen = { fresh: null };
      for await (const { data } of await nameEvents()) {
        pause = 500;
        take(data, seen);
      }
      status("Connection lost, trying again", "bad");
    } catch (problem) {
      const why = problem instanceof ProblemError ? problem.problem.title : "The gateway cannot be reached";
      status(`${why}, trying again`, "bad");
    }
    await new Promise((resolve) => { setTimeout(resolve, pause); });
  }
}

function take(event, seen) {
  if (event.kind === "reset") {
    seen.fresh = new Set();
  } else if (event.kind === "current") {
    if (seen.fresh) list.keepOnly(seen.fresh);
    seen.fresh = null;
    if (event.problem) status("The name server cannot be heard", "bad");
    else status("Live", "good");
    if (!ready) {
      ready = true;
      route();
    }
  } else if (event.kind === "leases") {
    for (const [name, left] of Object.entries(event.left_s)) {
      const named = list.names.get(name);
      if (named?.lease) {
        named.lease.left_s = left;
        noteLease(named);
      }
    }
  } else if (event.kind === "removed" || event.kind === "expired") {
    list.remove(event.name);
    announce(`${event.name} ${event.kind}`);
    if (page.currentName() === event.name) page.markGone(event.kind);
  } else {
    seen.fresh?.add(event.name);
    list.apply(event);
    if (!seen.fresh) announce(`${event.name} ${event.kind}`);
    if (page.currentName() === event.name) {
      page.markBack();
      page.updateLease(event);
    }
  }
  list.filter();
  refreshOverview();
}

// ---- signs of life

async function pingOne(name) {
  try {
    const answer = await ping(name);
    note(name, answer.up ? answer.milliseconds : null);
  } catch {
    note(name, null);
  }
  list.drawHealth(name);
  if (page.currentName() === name) page.drawLatency();
}

async function keepPinging() {
  for (;;) {
    if (!document.hidden && ready) {
      const wanted = list.visible().slice(0, MOST_PINGS);
      const workers = Array.from({ length: AT_ONCE }, async () => {
        for (let name = wanted.shift(); name !== undefined; name = wanted.shift()) await pingOne(name);
      });
      await Promise.all(workers);
      refreshOverview();
    }
    await new Promise((resolve) => { setTimeout(resolve, ready ? PING_MS : 100); });
  }
}

// ---- the address

function route() {
  if (!ready) return;
  const name = decodeURIComponent(location.hash.slice(2));
  list.setOpened(name || null);
  if (name) page.openObject(name, list.names.get(name));
  else refreshOverview();
}

function refreshOverview() {
  if (ready && !location.hash.slice(2)) page.showOverview([...list.names.values()].sort((a, b) => (a.name < b.name ? -1 : 1)));
}

// ---- a token

function askForToken(again) {
  const dialog = byId("sign-in");
  if (again) byId("sign-in-why").textContent = "The gateway does not know that token. Try another one.";
  byId("token").value = "";
  dialog.showModal();
  return new Promise((resolve) => {
    byId("sign-in-form").addEventListener("submit", () => resolve(byId("token").value), { once: true });
  });
}

// ---- colours

const THEMES = ["auto", "light", "dark"];
function showTheme(theme) {
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  const button = byId("theme");
  button.textContent = { auto: "Auto", light: "Light", dark: "Dark" }[theme];
  button.setAttribute("aria-label", `Colours: ${theme === "auto" ? "as the system" : theme}`);
}
let theme = localStorage.getItem("pyro-theme") ?? "auto";
showTheme(theme);
byId("theme").addEventListener("click", () => {
  theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
  localStorage.setItem("pyro-theme", theme);
  showTheme(theme);
});

// ---- keys

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input, textarea, select");
  if (event.key === "/" && !typing) {
    byId("search").focus();
    event.preventDefault();
  }
});
byId("search").addEventListener("input", (event) => list.search(event.target.value));
document.querySelector(".names").addEventListener("keydown", list.onKey);
window.addEventListener("hashchange", route);
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  byId("content").focus();
});

onUnauthorized(askForToken);
setInterval(() => {
  list.tick();
  for (const lease of document.querySelectorAll("main .lease")) lease.tick();
}, 250);
follow();
keepPinging();
