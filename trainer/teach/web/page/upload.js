// Photos from files or a phone's camera: chosen, or dropped onto a class.
import { api } from "./api.js";
import { element, setText } from "./dom.js";
import { count } from "./words.js";
import { toast } from "./toast.js";

const AT_ONCE = 2;
const BUSY_TRIES = 30;
const BUSY_MS = 1000;
const MOST_ERRORS = 3; // more errors than these are counted

// The two buttons of a class; `bar` shows the progress.
export function uploadButtons(label, bar) {
  const input = (properties, text) => {
    const field = element("input", { type: "file", accept: "image/*", class: "unseen", ...properties });
    field.addEventListener("change", () => {
      upload([...field.files], label, bar);
      field.value = "";
    });
    return element("label", { class: "button" }, field, text);
  };
  const files = input({ multiple: true }, "Add photos");
  const camera = input({}, "Camera");
  camera.classList.add("camera");
  camera.firstChild.setAttribute("capture", "environment");
  return [files, camera];
}

// Files that are dropped onto `column` become photos of its class.
export function acceptDrops(column, label, bar) {
  let inside = 0; // entering a child comes before leaving its parent
  const hasFiles = (event) => event.dataTransfer && [...event.dataTransfer.types].includes("Files");
  const mark = (step) => {
    inside = step === 0 ? 0 : inside + step;
    column.classList.toggle("dropping", inside > 0);
  };
  column.addEventListener("dragenter", (event) => hasFiles(event) && mark(1));
  column.addEventListener("dragleave", (event) => hasFiles(event) && mark(-1));
  column.addEventListener("drop", (event) => {
    mark(0);
    if (hasFiles(event)) upload([...event.dataTransfer.files], label, bar);
  });
}
// A file that is dropped elsewhere must not replace the page.
for (const name of ["dragover", "drop"]) addEventListener(name, (event) => event.preventDefault());

// A session that is busy says so; it is asked again.
async function addWhenFree(file, label) {
  for (let tries = 1; ; tries += 1) {
    try {
      return await api.add(file, label);
    } catch (error) {
      if (error.status !== 503 || tries === BUSY_TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, BUSY_MS));
    }
  }
}

export async function upload(files, label, bar) {
  const results = { added: 0, present: 0, elsewhere: 0 };
  const errors = [];
  let done = 0;
  const show = () => {
    bar.hidden = done === files.length;
    bar.firstChild.max = files.length;
    bar.firstChild.value = done;
    setText(bar.lastChild, `${done} of ${files.length}`);
  };
  const waiting = [...files];
  const work = async () => {
    for (let file = waiting.shift(); file; file = waiting.shift()) {
      try {
        results[(await addWhenFree(file, label)).outcome] += 1;
      } catch (error) {
        errors.push(error.message.includes(file.name) ? error.message : `${file.name}: ${error.message}`);
        if ([0, 507].includes(error.status)) waiting.length = 0; // the next ones would fail too
      }
      done += 1;
      show();
    }
  };
  show();
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  done = files.length;
  show();
  const parts = [
    results.added && `${count(results.added, "photo")} added to ${label}`,
    results.present && `${count(results.present, "was", "were")} there already`,
    results.elsewhere && `${count(results.elsewhere, "is", "are")} in another class and stayed there`,
  ].filter(Boolean);
  if (parts.length) toast(parts.join("; "));
  for (const error of errors.slice(0, MOST_ERRORS)) toast(error, { trouble: true });
  if (errors.length > MOST_ERRORS) toast(`${count(errors.length - MOST_ERRORS, "more file")} could not be added`, { trouble: true });
}
