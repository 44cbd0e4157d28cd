// Add, rename, merge and delete a class.
import { api } from "./api.js";
import { change } from "./changes.js";
import { byId, element } from "./dom.js";
import { ask } from "./question.js";
import { classNames, onSession, session } from "./session.js";
import { showError } from "./toast.js";

const NOTHING = "nothing"; // the counter-class that is suggested

export function renameClass(name) {
  const field = element("input", { id: "new-name", value: name, required: true, maxLength: 120, autocomplete: "off", spellcheck: false });
  ask(`Rename ${name}`, [element("label", { htmlFor: "new-name" }, "New name"), field], "Rename", () => told(api.renameClass(name, field.value)));
}

export function mergeClass(name) {
  const others = classNames().filter((other) => other !== name);
  const field = element("select", { id: "merge-into" }, ...others.map((other) => element("option", { value: other }, other)));
  const label = element("label", { htmlFor: "merge-into" }, `All photos of ${name} go to`);
  ask(`Merge ${name} into another class`, [label, field], "Merge", () => told(api.mergeClass(name, field.value)));
}

export function deleteClass(name) {
  return change(api.deleteClass(name));
}

// The dialog shows an error itself.
async function told(answer) {
  const value = await answer;
  await change(Promise.resolve(value));
}

async function addClass(name) {
  try {
    // The session refuses such names too, but they cannot be part of an address.
    if (/^\.\.?$|\//.test(name)) throw new Error(`The class ${name}: its name cannot have a slash, or begin with a dot.`);
    await api.addClass(name);
    return true;
  } catch (error) {
    showError(error);
    return false;
  }
}

byId("add-class").addEventListener("submit", async (event) => {
  event.preventDefault();
  const field = byId("class-name");
  if (field.value.trim() && (await addClass(field.value.trim()))) field.value = "";
});
byId("add-nothing").addEventListener("click", () => addClass(NOTHING));
onSession(() => {
  const names = classNames();
  byId("begin").hidden = names.length > 0;
  const suggest = names.length > 0 && !names.includes(NOTHING);
  byId("add-nothing").hidden = !suggest;
  byId("nothing-why").hidden = !suggest;
  if (session.value.classes.length === 0 && document.activeElement === document.body && matchMedia("(pointer: fine)").matches) byId("class-name").focus();
});
