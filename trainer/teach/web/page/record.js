// Recording: the frames of the stream are kept for a class as long as its button is held.
import { api } from "./api.js";
import { announce } from "./dom.js";
import { count } from "./words.js";
import { onSession, session } from "./session.js";
import { showError } from "./toast.js";

const MOVED = 12; // pixels; a pointer that moved less has not moved
const RENEW_MS = 300; // the server ends a recording that is not renewed for a second

let ending = Promise.resolve(); // the end of the hold before, which the session must know before the next one begins
let current = null; // the hold of this page: {label, id, kept, folded}

export function recordedHere() {
  return current && current.label;
}

export function startRecording(label) {
  if (current) stopRecording();
  current = { label, id: newId(), kept: 0, folded: 0 };
  document.dispatchEvent(new Event("recording"));
  renew(current);
}

export function stopRecording() {
  if (!current) return;
  const ended = current;
  current = null;
  clearTimeout(ended.timer);
  document.dispatchEvent(new Event("recording"));
  // A request that renews and comes after this one would start the recording again.
  ending = Promise.allSettled([ending, ended.renewing])
    .then(() => api.stopRecording(ended.id))
    .catch(showError);
  setTimeout(() => announce(`${ended.label}: ${count(ended.kept, "photo")} recorded`), 300);
}

async function renew(hold) {
  await ending;
  if (current !== hold) return;
  const begun = performance.now();
  try {
    hold.renewing = api.record(hold.label, hold.id);
    await hold.renewing;
  } catch (error) {
    if (current === hold) {
      showError(error);
      stopRecording();
    }
    return;
  }
  if (current === hold) hold.timer = setTimeout(() => renew(hold), Math.max(0, RENEW_MS - (performance.now() - begun)));
}

// crypto.randomUUID is missing on pages without TLS.
function newId() {
  return Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(16).padStart(8, "0")).join("");
}

// A page that is not in front must not record.
addEventListener("blur", stopRecording);
addEventListener("pagehide", stopRecording);
document.addEventListener("visibilitychange", () => document.hidden && stopRecording());
onSession(({ recording }) => {
  if (current && recording && recording.hold === current.id) Object.assign(current, { kept: recording.kept, folded: recording.folded });
});

// Make `button` record for the class `label` while it is held: by mouse, finger, pen, space or enter.
export function holdToRecord(button, label) {
  let held = null; // the pointer or the key that holds the button
  const press = (by) => {
    if (held !== null) return;
    held = by;
    startRecording(label);
  };
  const release = (by) => {
    if (held === null || (by !== undefined && held !== by)) return;
    held = null;
    stopRecording();
  };
  let from = null; // where the pointer pressed
  button.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    from = [event.clientX, event.clientY];
    press(`pointer ${event.pointerId}`);
  });
  // Not pointerleave: a finger never leaves the button on which it began, and a button that moves under a pointer, since
  // something above it has grown, is still held.
  document.addEventListener("pointermove", ({ pointerId, clientX: x, clientY: y }) => {
    if (held !== `pointer ${pointerId}` || Math.hypot(x - from[0], y - from[1]) < MOVED) return;
    if (!button.contains(document.elementFromPoint(x, y))) release(held);
  });
  for (const name of ["pointerup", "pointercancel"]) document.addEventListener(name, (event) => release(`pointer ${event.pointerId}`));
  const isKey = (event) => event.key === " " || event.key === "Enter";
  button.addEventListener("keydown", (event) => {
    if (!isKey(event) || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    if (!event.repeat) press(`key ${event.key}`);
  });
  button.addEventListener("keyup", (event) => {
    if (!isKey(event)) return;
    event.preventDefault();
    release(`key ${event.key}`);
  });
  button.addEventListener("blur", () => release());
  button.addEventListener("contextmenu", (event) => event.preventDefault());
  // A screen reader presses a button without a pointer or a key: the first press starts, the second one ends.
  button.addEventListener("click", (event) => {
    if (event.detail !== 0 || held !== null) return;
    if (recordedHere() === label) stopRecording();
    else if (session.value) startRecording(label);
  });
  document.addEventListener("recording", () => {
    if (recordedHere() !== label) held = null; // something else ended it
  });
}
