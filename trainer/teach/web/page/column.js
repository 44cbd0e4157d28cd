// One class: its button to record, its newest pictures, what is known of it, and what can be done with it.
import { deleteClass, mergeClass, renameClass } from "./class_changes.js";
import { element, fillList, icon, setAttribute, setText } from "./dom.js";
import { pictureButton, showPicture } from "./photo.js";
import { holdToRecord, recordedHere } from "./record.js";
import { colourOf } from "./session.js";
import { acceptDrops, uploadButtons } from "./upload.js";
import { count, interval, rightText } from "./words.js";

const DOTS = "M12 7a2 2 0 1 0 0-4 2 2 0 0 0 0 4zm0 7a2 2 0 1 0 0-4 2 2 0 0 0 0 4zm0 7a2 2 0 1 0 0-4 2 2 0 0 0 0 4z";
let made = 0;

export class Column {
  constructor(name) {
    const id = `class-${made++}`;
    this.key = element("kbd", { class: "key", "aria-hidden": "true" });
    this.title = element("h3", { id }, name);
    this.counts = element("p", { class: "counts" });
    this.hold = element("button", { class: "hold", type: "button", "aria-label": `Record ${name}: hold` });
    this.holdText = element("span", {}, "Hold to record");
    this.hold.append(element("span", { class: "dot" }), this.holdText);
    this.newest = element("ul", { class: "newest", "aria-label": `Newest photos of ${name}` });
    this.right = element("p", { class: "right" });
    this.advice = element("p", { class: "hint" });
    const bar = element("p", { class: "progress", hidden: true }, element("progress", { "aria-label": `Photos being added to ${name}` }), element("span"));
    this.element = element(
      "li",
      { class: "card column", "aria-labelledby": id },
      element("div", { class: "column-head" }, this.key, this.title, this.makeMenu(name)),
      this.counts,
      this.hold,
      this.newest,
      this.right,
      this.advice,
      element("div", { class: "line" }, ...uploadButtons(name, bar)),
      bar,
    );
    holdToRecord(this.hold, name);
    acceptDrops(this.element, name, bar);
    this.name = name;
  }

  makeMenu(name) {
    const item = (text, act) => element("button", { type: "button", click: () => (open(false), act(name)) }, text);
    this.merge = item("Merge …", mergeClass);
    const items = element("div", { class: "menu", hidden: true }, item("Rename …", renameClass), this.merge, item("Delete", deleteClass));
    const button = element("button", { class: "icon", type: "button", "aria-label": `Change ${name}`, "aria-expanded": "false" }, icon(DOTS));
    const open = (value) => {
      items.hidden = !value;
      button.setAttribute("aria-expanded", String(value));
    };
    button.addEventListener("click", () => open(items.hidden));
    const around = element("div", { class: "menu-place" }, button, items);
    around.addEventListener("focusout", (event) => around.contains(event.relatedTarget) || open(false));
    around.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || items.hidden) return;
      open(false);
      button.focus();
    });
    return around;
  }

  show(one, place, { recording, classes }) {
    const live = recording && recording.class === one.name;
    const held = live || recordedHere() === one.name;
    this.element.style.setProperty("--colour", colourOf(one.name));
    this.element.classList.toggle("recording", Boolean(held));
    setText(this.key, place < 9 ? String(place + 1) : "");
    setAttribute(this.hold, "aria-keyshortcuts", place < 9 ? String(place + 1) : null);
    setAttribute(this.hold, "title", place < 9 ? `Hold this button, or the key ${place + 1}` : "Hold this button");
    const remembered = one.remembered ? `, ${one.remembered.toLocaleString("en")} remembered` : "";
    setText(this.counts, `${count(one.photos, "photo")}${one.holds ? `, ${count(one.holds, "recording")}` : ""}${remembered}`);
    setText(this.holdText, live ? `${recording.kept} kept${recording.folded ? `, ${recording.folded} nearly equal` : ""}` : held ? "Recording …" : "Hold to record");
    this.merge.hidden = classes.length < 2;
    fillList(this.newest, one.newest, newPicture, (item, { id, photos }) => this.showNewest(item, id, photos));
    setText(this.right, one.photos ? rightText(one.right) : "");
    this.right.classList.toggle("known", Boolean(one.right));
    setAttribute(this.right, "title", one.right && `${interval(one.right)} of new, different photos`);
    this.right.style.setProperty("--share", one.right ? one.right.share : 0);
    setText(this.advice, one.advice || "");
  }

  showNewest(item, id, photos) {
    const button = item.firstChild;
    showPicture(button, id);
    setText(button.lastChild, photos > 1 ? `×${photos}` : "");
    setAttribute(button, "aria-label", photos > 1 ? `Photo of ${this.name}, the newest of ${photos} of a recording` : `Photo of ${this.name}`);
  }
}

function newPicture() {
  return element("li", {}, pictureButton(element("span", { class: "times" })));
}
