// A dialog with one question: a name, a choice, or yes and no.
import { byId } from "./dom.js";

const dialog = byId("question");
let answer = null; // what to do with the answer; it may refuse it with an error

// `fields` are elements; `act` gets them filled in and returns a promise; the dialog closes when that is kept.
export function ask(title, fields, yes, act) {
  byId("question-title").textContent = title;
  byId("question-fields").replaceChildren(...fields);
  byId("question-yes").textContent = yes;
  byId("question-error").textContent = "";
  answer = act;
  dialog.showModal();
  const first = byId("question-fields").querySelector("input, select");
  if (first) first.focus();
  if (first && first.select) first.select();
}

dialog.querySelector("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    await answer();
    dialog.close();
  } catch (error) {
    byId("question-error").textContent = error.message;
  }
});
byId("question-cancel").addEventListener("click", () => dialog.close());
