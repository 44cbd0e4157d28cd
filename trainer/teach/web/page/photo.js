// One photo, large: with its scores, its nearest photos, and the classes to which it can be moved.
import { api, pictureOf, thumbnailOf } from "./api.js";
import { showBars } from "./bars.js";
import { change } from "./changes.js";
import { byId, element, fillList, setText } from "./dom.js";
import { classOfKey, colourOf, onClasses } from "./session.js";
import { showError } from "./toast.js";
import { share, size } from "./words.js";

const dialog = byId("photo");
let shown = null; // the id of the photo
let asked = null; // the request for what is known of it
let around = null; // the list that it comes from: {step(by) -> id or null, moved()}

// `list.step(by)` gives the id of the photo before (-1) or after (1); without a list there is no other photo.
export function openPhoto(id, list = null) {
  around = list && list.step ? list : null;
  byId("photo-previous").hidden = byId("photo-next").hidden = !around;
  showPhoto(id);
  if (!dialog.open) dialog.showModal();
}

async function showPhoto(id) {
  if (asked) asked.abort();
  asked = new AbortController();
  shown = id;
  byId("photo-picture").src = pictureOf(id);
  try {
    const photo = await api.photo(id, asked.signal);
    if (shown === id) fill(photo);
  } catch (error) {
    showError(error);
    if (error.status === 404) dialog.close();
  }
}

function fill(photo) {
  const places = { classes: photo.class, inbox: `Inbox: perhaps ${photo.class}`, trash: `Trash: was ${photo.class}` };
  setText(byId("photo-title"), places[photo.place]);
  byId("photo-picture").alt = `${places[photo.place]}, ${photo.name}`;
  const parts = [photo.name, `${photo.width} × ${photo.height}`, size(photo.bytes), new Date(1000 * photo.added_s).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" })];
  if (photo.hold_photos > 1) parts.push(`one of ${photo.hold_photos} of a recording`);
  const doubt = photo.doubtful === null ? "" : ` The other photos say with ${share(photo.doubtful)} that it is in the wrong class.`;
  setText(byId("photo-line"), `${parts.join(", ")}.${doubt}`);
  showBars(byId("photo-scores"), photo.scores.slice(0, 5), photo.place === "classes" ? photo.class : null, colourOf);
  fillList(byId("photo-neighbours"), photo.neighbours, newNeighbour, (item, { id, class: label, cosine }) => {
    const button = item.firstChild;
    showPicture(button, id, showPhoto);
    setText(button.lastChild, `${label} ${cosine.toFixed(2)}`);
    button.style.setProperty("--colour", colourOf(label));
  });
}

function newNeighbour() {
  return element("li", {}, pictureButton(element("span", { class: "name" })));
}

// A button for a small picture, with `parts` on it.
export function pictureButton(...parts) {
  return element("button", { class: "picture", type: "button" }, element("img", { alt: "", decoding: "async", draggable: false }), ...parts);
}

// The button has the picture of the photo `id`, and opens that photo.
export function showPicture(button, id, open = openPhoto) {
  if (button.dataset.id === id) return;
  button.dataset.id = id;
  button.firstChild.src = thumbnailOf(id);
  button.onclick = () => open(id);
}

function step(by) {
  const id = around && around.step(by);
  if (id) showPhoto(id);
}

async function move(answer) {
  const next = around && (around.step(1) || around.step(-1));
  const moved = shown;
  if (!(await change(answer))) return;
  if (around) around.moved(moved);
  if (next && next !== moved) showPhoto(next);
  else dialog.close();
}
const assign = (label) => move(api.assign([shown], label));
const remove = () => move(api.remove([shown]));

byId("photo-previous").addEventListener("click", () => step(-1));
byId("photo-next").addEventListener("click", () => step(1));
byId("photo-close").addEventListener("click", () => dialog.close());
dialog.addEventListener("click", (event) => event.target === dialog && dialog.close()); // beside the dialog
dialog.addEventListener("close", () => {
  if (asked) asked.abort();
  byId("photo-picture").removeAttribute("src");
});
dialog.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key === "ArrowLeft") step(-1);
  if (event.key === "ArrowRight") step(1);
  if (event.key === "Delete") remove();
  const label = classOfKey(event.key);
  if (label) assign(label);
});

onClasses((names) => {
  const buttons = names.map((name, place) => classButton(name, place, () => assign(name)));
  byId("photo-assign").replaceChildren(...buttons, element("button", { class: "button", type: "button", click: remove }, "Delete"));
});

// A button with the colour and the key of a class.
export function classButton(name, place, act) {
  const button = element("button", { class: "button of-class", type: "button", click: act });
  if (place < 9) button.append(element("kbd", { class: "key", "aria-hidden": "true" }, String(place + 1)));
  button.append(element("span", {}, name));
  button.style.setProperty("--colour", colourOf(name));
  return button;
}
