// The newest state of the session, and the parts of the page that show it.
const WAIT_MS = 2000;
const listeners = [];
const waiting = new Set();
export const session = { value: null };

// `show` is called with every new state.
export function onSession(show) {
  listeners.push(show);
}

export function receiveSession(value) {
  session.value = value;
  for (const show of listeners) show(value);
  for (const look of [...waiting]) look();
}

// Kept when the page has the state `version`, or after a while: without a connection no state comes.
export function stateFrom(version) {
  return new Promise((resolve) => {
    const end = () => waiting.delete(look) && resolve();
    const look = () => session.value?.version >= version && end();
    waiting.add(look);
    setTimeout(end, WAIT_MS);
    look();
  });
}

export function classNames() {
  return session.value ? session.value.classes.map((one) => one.name) : [];
}

// `show` is called with the names of the classes whenever these or their order have changed.
export function onClasses(show) {
  let shown = "";
  onSession(() => {
    const names = classNames();
    if (shown === JSON.stringify(names)) return;
    shown = JSON.stringify(names);
    show(names);
  });
}

// The class whose key, 1 to 9, was pressed.
export function classOfKey(key) {
  return /^[1-9]$/.test(key) ? classNames()[key - 1] : undefined;
}

// Each class has the colour of its column.
export function colourOf(label) {
  const place = classNames().indexOf(label);
  return place < 0 ? "var(--unknown)" : `var(--c${place % 8})`;
}
