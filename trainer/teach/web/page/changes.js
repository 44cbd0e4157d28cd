// Changes that can be undone: the buttons, and a notification after each change.
import { api } from "./api.js";
import { byId } from "./dom.js";
import { onSession, session, stateFrom } from "./session.js";
import { showError, toast } from "./toast.js";

// Kept when the page has the state after every change that it has asked for: only then it knows what can be undone.
let settled = Promise.resolve();

function settle(answer) {
  const after = answer.then((value) => value && stateFrom(value.version), () => {});
  settled = Promise.all([settled, after]);
}

// Wait for the answer to a change; its notification has a button to undo it. Returns whether it was done.
export async function change(answer) {
  settle(answer);
  try {
    const { action } = await answer;
    if (action) toast(capital(action.text), { action: ["Undo", () => undo(action.id)] });
    return true;
  } catch (error) {
    showError(error);
    return false;
  }
}

export function undo(id) {
  return step(api.undo, () => id ?? session.value?.undo?.id, "Undone");
}

export function redo(id) {
  return step(api.redo, () => id ?? session.value?.redo?.id, "Done again");
}

async function step(ask, find, said) {
  const answer = settled.then(find).then((id) => (id === undefined ? null : ask(id))); // keys that come quickly wait
  settle(answer);
  try {
    const done = await answer;
    if (!done) return;
    const { action } = done;
    if (action) toast(`${said}: ${action.text}`);
    else toast("There was another change since. Use the button Undo.");
  } catch (error) {
    showError(error);
  }
}

function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

byId("undo").addEventListener("click", () => undo());
byId("redo").addEventListener("click", () => redo());
onSession((state) => {
  for (const [id, keys] of [["undo", "Ctrl+Z"], ["redo", "Ctrl+Shift+Z"]]) {
    const [button, action, name] = [byId(id), state[id], id === "undo" ? "Undo" : "Redo"];
    button.setAttribute("aria-disabled", String(!action)); // a button that is really disabled would lose the focus
    button.title = action ? `${name}: ${action.text} (${keys})` : `Nothing to ${id}`;
    button.setAttribute("aria-label", action ? `${name}: ${action.text}` : name);
  }
});
