// A column for each class, in the order of the classes. A class keeps its column while it has its name.
import { byId } from "./dom.js";
import { Column } from "./column.js";
import { onSession, session } from "./session.js";

const list = byId("columns");
const columns = new Map(); // name of the class -> its column

function show() {
  const state = session.value;
  if (!state) return;
  const names = state.classes.map((one) => one.name);
  for (const [name, column] of columns) {
    if (names.includes(name)) continue;
    column.element.remove();
    columns.delete(name);
  }
  state.classes.forEach((one, place) => {
    if (!columns.has(one.name)) columns.set(one.name, new Column(one.name));
    const column = columns.get(one.name);
    if (list.children[place] !== column.element) list.insertBefore(column.element, list.children[place] || null);
    column.show(one, place, state);
  });
}

onSession(show);
document.addEventListener("recording", show);
