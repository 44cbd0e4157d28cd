// Keys that work everywhere on the page, but not while a text is typed or a dialog is open.
import { redo, undo } from "./changes.js";
import { recordedHere, startRecording, stopRecording } from "./record.js";
import { assignSelected, deleteSelected, selectAll } from "./review.js";
import { classOfKey } from "./session.js";

let held = null; // the digit that is held to record

const typing = (target) => target.matches("input, select, textarea") || document.querySelector("dialog[open]");

document.addEventListener("keydown", (event) => {
  const control = (event.ctrlKey || event.metaKey) && !event.altKey;
  const inDialog = document.querySelector("dialog#question[open]");
  if (control && event.key.toLowerCase() === "z" && !event.target.matches("input[type=text], input:not([type])") && !inDialog) {
    event.preventDefault();
    if (event.shiftKey) redo();
    else undo();
    return;
  }
  if (typing(event.target)) return;
  const view = document.body.dataset.view;
  if (control && event.key.toLowerCase() === "a" && view === "review") {
    event.preventDefault();
    selectAll();
  }
  if (control || event.altKey || event.metaKey) return;
  const label = classOfKey(event.key);
  if (label && view === "teach" && !event.repeat && !recordedHere()) {
    held = event.key;
    startRecording(label);
  }
  if (label && view === "review") assignSelected(label);
  if (event.key === "Delete" && view === "review") deleteSelected();
});

document.addEventListener("keyup", (event) => {
  if (held === null || event.key !== held) return;
  held = null;
  stopRecording();
});
document.addEventListener("recording", () => {
  if (!recordedHere()) held = null;
});
