"use strict";
const measurements = JSON.parse(document.getElementById("measurements").textContent);
const table = document.getElementById("table");
const body = table.tBodies[0];
const rows = [...body.rows];
const values = new Map(rows.map((row) => [row, JSON.parse(row.dataset.values)]));
const heads = [...table.querySelectorAll("th[data-column]")];

// Sorting: numbers by size, words by the alphabet, what is missing always last; equal rows keep their order.
function compare(one, other, direction) {
  if (one === null || other === null) return (one === null) - (other === null);
  const order = typeof one === "number" ? one - other : String(one).localeCompare(String(other), "en", { numeric: true });
  return direction * order;
}
function sortBy(head) {
  const column = Number(head.dataset.column);
  const direction = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
  for (const other of heads) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
  rows.sort((a, b) => compare(values.get(a)[column], values.get(b)[column], direction));
  body.append(...rows);
}
for (const head of heads) head.querySelector("button").addEventListener("click", () => sortBy(head));

// Filters: a row is shown if it has every value that is chosen.
const filters = [...document.querySelectorAll("select[data-filter]")];
function applyFilters() {
  let shown = 0;
  for (const row of rows) {
    const facts = measurements[row.dataset.measurement].filter;
    row.hidden = filters.some((filter) => filter.value !== "" && facts[filter.dataset.filter] !== filter.value);
    shown += !row.hidden;
  }
  document.getElementById("shown").textContent = `${shown} of ${rows.length} rows`;
}
for (const filter of filters) filter.addEventListener("change", applyFilters);
applyFilters();

// Details of a mark: on hover, on focus, on tap; Escape closes them.
const tip = document.getElementById("tip");
function showTip(mark) {
  const measurement = measurements[mark.dataset.measurement];
  const title = document.createElement("strong");
  title.textContent = measurement.title;
  const place = document.createElement("p");
  place.textContent = measurement.place;
  const list = document.createElement("dl");
  for (const [name, value] of measurement.details) {
    const term = document.createElement("dt");
    const text = document.createElement("dd");
    term.textContent = name;
    text.textContent = value;
    list.append(term, text);
  }
  tip.replaceChildren(title, place, list);
  tip.hidden = false;
  const box = mark.getBoundingClientRect();
  const left = Math.min(box.left + box.width / 2 + 12, document.documentElement.clientWidth - tip.offsetWidth - 12);
  const above = box.top > tip.offsetHeight + 16;
  tip.style.left = `${Math.max(left, 12) + scrollX}px`;
  tip.style.top = `${(above ? box.top - tip.offsetHeight - 10 : box.bottom + 10) + scrollY}px`;
}
const hideTip = () => { tip.hidden = true; };
for (const figure of document.querySelectorAll("svg.figure")) {
  // One stop of the Tab key for each figure; the arrow keys walk through its marks from left to right.
  const marks = [...figure.querySelectorAll(".mark")];
  const place = (mark) => mark.getBoundingClientRect().left;
  const order = () => [...marks].sort((a, b) => place(a) - place(b));
  if (marks.length) order()[0].setAttribute("tabindex", "0");
  for (const mark of marks) {
    mark.addEventListener("pointerenter", () => showTip(mark));
    mark.addEventListener("pointerleave", hideTip);
    mark.addEventListener("click", () => showTip(mark));
    mark.addEventListener("focus", () => showTip(mark));
    mark.addEventListener("blur", hideTip);
  }
  figure.addEventListener("keydown", (event) => {
    if (event.key === "Escape") return hideTip();
    const sorted = order();
    const here = sorted.indexOf(document.activeElement);
    const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
    const next = event.key === "Home" ? 0 : event.key === "End" ? sorted.length - 1 : step && here + step;
    if (here < 0 || next === undefined || !sorted[next]) return undefined;
    event.preventDefault();
    sorted[here].setAttribute("tabindex", "-1");
    sorted[next].setAttribute("tabindex", "0");
    return sorted[next].focus({ preventScroll: false });
  });
}
