// Makes parts of the page, and replaces them. Nothing is ever parsed as HTML.

export const $ = (id) => document.getElementById(id);

/** Makes an element. `properties` are attributes, except functions, which listen to the event of that name. */
export function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (typeof value === "function") made.addEventListener(key, value);
    else if (value !== undefined && value !== false) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.flat().filter((child) => child !== undefined && child !== ""));
  return made;
}

/** Replaces the children, unless they would be the same: then focus, selection and open details stay as they are. */
export function replaceChildren(parent, key, make) {
  if (parent.dataset.key === key) return;
  parent.dataset.key = key;
  const focused = parent.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  parent.replaceChildren(...[make()].flat());
  if (focused) [...parent.querySelectorAll("a")].find((link) => link.getAttribute("href") === focused)?.focus();
}

/** A table, with its roles said aloud because a narrow screen lays it out as blocks. */
export function table(label, headings, rows) {
  const row = (cells) => element("tr", { role: "row" }, cells.map((cell, index) =>
    element("td", { role: "cell", "data-heading": headings[index] }, cell)));
  return element("div", { class: "scroll" }, element("table", { role: "table", "aria-label": label },
    element("thead", { role: "rowgroup" }, element("tr", { role: "row" }, headings.map((heading) =>
      element("th", { role: "columnheader", scope: "col" }, heading)))),
    element("tbody", { role: "rowgroup" }, rows.map(row))));
}

export function pairs(metadata) {
  const entries = Object.entries(metadata);
  if (!entries.length) return "";
  return element("div", { class: "pairs" }, entries.map(([key, value]) =>
    element("span", {}, element("b", {}, `${key}=`), value)));
}

export const count = (number, one, many = `${one}s`) => `${number} ${number === 1 ? one : many}`;
