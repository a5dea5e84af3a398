// Elements without any markup in texts: whatever a remote object says stays text.

const SVG = "http://www.w3.org/2000/svg";

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

export function el(name, attributes, ...children) {
  return fill(document.createElement(name), attributes, children);
}

export function svg(name, attributes, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

export function byId(id) {
  return document.getElementById(id);
}

// Types as people say them: without the modules of classes.
export function shortTypes(text) {
  return text.replace(/\b(?:[a-z_]\w*\.)+(?=[A-Z])/g, "");
}

export function plural(number, word) {
  return `${number} ${word}${number === 1 ? "" : "s"}`;
}
