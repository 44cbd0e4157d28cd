// The newest state of the session, and the parts of the page that show it.
const listeners = [];
export const session = { value: null };

// `show` is called with every new state.
export function onSession(show) {
  listeners.push(show);
}

export function receiveSession(value) {
  session.value = value;
  for (const show of listeners) show(value);
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
