// Elements of the page: found, made, and changed only if something is different. All texts stay text.
export const byId = (id) => document.getElementById(id);

// `properties`: `class`, names with a hyphen (attributes), functions (listeners), and properties of the element.
export function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (typeof value === "function") made.addEventListener(key, value);
    else if (key === "class") made.className = value;
    else if (key.includes("-") || key === "role") made.setAttribute(key, value);
    else made[key] = value;
  }
  made.append(...children);
  return made;
}

// A screen reader reads only changes aloud.
export function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

export function setAttribute(target, name, value) {
  if (value === null) target.removeAttribute(name);
  else if (target.getAttribute(name) !== value) target.setAttribute(name, value);
}

// As many children as `values`, made by `make` and filled by `fill(child, value, place)`.
export function fillList(list, values, make, fill) {
  while (list.children.length > values.length) list.lastChild.remove();
  while (list.children.length < values.length) list.append(make());
  values.forEach((value, place) => fill(list.children[place], value, place));
}

const SVG = "http://www.w3.org/2000/svg";
export function icon(path) {
  const drawing = document.createElementNS(SVG, "svg");
  drawing.setAttribute("viewBox", "0 0 24 24");
  drawing.setAttribute("aria-hidden", "true");
  const line = document.createElementNS(SVG, "path");
  line.setAttribute("d", path);
  drawing.append(line);
  return drawing;
}

export function announce(text) {
  byId("announcer").textContent = text;
}
