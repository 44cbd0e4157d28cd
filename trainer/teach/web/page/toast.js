// Short notifications at the edge of the page; the pointer or the focus on one keeps it there.
import { byId, element, icon } from "./dom.js";

const STAYS_MS = 6000;
const TROUBLE_STAYS_MS = 15000;
const MOST = 4;
const CROSS = "m6.4 5 5.6 5.6L17.6 5 19 6.4 13.4 12l5.6 5.6-1.4 1.4-5.6-5.6L6.4 19 5 17.6l5.6-5.6L5 6.4z";

// `action`: the name of a button and what it does.
export function toast(text, { trouble = false, action = null } = {}) {
  const list = byId("toasts");
  for (const same of list.children) if (same.dataset.text === text) same.remove();
  const close = () => {
    clearTimeout(timer);
    shown.remove();
  };
  const button = action && element("button", { class: "button", type: "button", click: () => (close(), action[1]()) }, action[0]);
  const shown = element(
    "div",
    { class: trouble ? "toast trouble" : "toast", "data-text": text },
    element("p", { role: trouble ? "alert" : "status" }, text),
    ...(button ? [button] : []),
    element("button", { class: "icon", type: "button", "aria-label": "Close the notification", click: close }, icon(CROSS)),
  );
  const start = () => setTimeout(close, trouble ? TROUBLE_STAYS_MS : STAYS_MS);
  let timer = start();
  const hold = () => clearTimeout(timer);
  const release = () => {
    clearTimeout(timer);
    timer = start();
  };
  for (const [name, listener] of [["pointerenter", hold], ["focusin", hold], ["pointerleave", release], ["focusout", release]]) shown.addEventListener(name, listener);
  list.append(shown);
  while (list.children.length > MOST) list.firstChild.remove();
}

export function showError(error) {
  if (error.name !== "AbortError") toast(error.message, { trouble: true });
}
