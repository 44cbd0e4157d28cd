// Review: all photos in a grid; any number of them is selected and moved to a class, or deleted.
import { api } from "./api.js";
import { change } from "./changes.js";
import { announce, byId, element, setText } from "./dom.js";
import { Grid, newCell } from "./grid.js";
import { gridInput } from "./grid_input.js";
import { classButton, openPhoto } from "./photo.js";
import { PhotoList } from "./photo_list.js";
import { Selection } from "./selection.js";
import { colourOf, onClasses, onSession, session } from "./session.js";
import { showError } from "./toast.js";
import { Thumbnails } from "./thumbnails.js";
import { count, share } from "./words.js";

const REFRESH_MS = 700; // a session that is being taught changes often
const KINDS = [["", "All"], ["unsure", "Unsure"], ["disagrees", "Model disagrees"], ["doubtful", "Perhaps wrong class"], ["new", "New in this session"], ["folded", "Repeated in a recording"]];
const ORDERS = [["newest", "Newest first"], ["oldest", "Oldest first"], ["doubtful", "Perhaps wrong first"]];
const NO_PHOTOS = { "": "There are no photos here.", unsure: "The model is sure of all these photos.", disagrees: "The model agrees with the class of every photo here.", doubtful: "No photo seems to be in the wrong class.", new: "No photo came in this session.", folded: "No recording has more than one photo." };

const place = byId("filter-place");
const kind = byId("filter-kind");
const order = byId("filter-order");
const thumbnails = new Thumbnails();
const photos = new PhotoList(showPhotos);
const chosen = new Selection(showSelection);
const grid = new Grid(byId("scroller"), byId("grid"), newCell, fillCell, (cell) => thumbnails.forget(cell.firstChild));
const input = gridInput(grid, photos, chosen, { open, changed: () => grid.draw(true) });
const isShown = () => document.body.dataset.view === "review";

function fillCell(cell, index) {
  const photo = photos.at(index);
  const [picture, mark, times, name] = cell.children;
  cell.classList.toggle("active", index === input.active());
  cell.setAttribute("aria-posinset", index + 1);
  cell.setAttribute("aria-setsize", grid.total);
  if (!photo) {
    thumbnails.forget(picture);
    cell.setAttribute("aria-selected", "false");
    cell.setAttribute("aria-label", "is being read");
    for (const part of [mark, times, name]) setText(part, "");
    return;
  }
  thumbnails.show(picture, photo.id);
  const disagrees = photo.place === "classes" && photo.answer && photo.answer.label !== photo.class;
  cell.setAttribute("aria-selected", String(chosen.has(photo.id)));
  cell.setAttribute("aria-label", describe(photo, disagrees));
  cell.style.setProperty("--colour", colourOf(photo.class));
  setText(mark, disagrees ? `→ ${photo.answer.label}` : photo.doubtful === null ? "" : "?");
  setText(times, photo.hold_photos > 1 ? `×${photo.hold_photos}` : "");
  setText(name, photo.class);
}

function describe({ place: where, class: label, answer, doubtful }, disagrees) {
  const parts = [{ classes: label, inbox: `inbox, perhaps ${label}`, trash: `trash, was ${label}` }[where]];
  if (answer && disagrees) parts.push(`model says ${answer.label} ${share(answer.score)}`);
  else if (answer) parts.push(share(answer.score));
  if (doubtful !== null) parts.push("perhaps in the wrong class");
  return parts.join(", ");
}

// ---- Which photos. ----

function choices(select, pairs) {
  const key = JSON.stringify(pairs);
  if (select.dataset.key === key) return;
  const before = select.value;
  select.dataset.key = key;
  select.replaceChildren(...pairs.map(([value, text]) => element("option", { value }, text)));
  if (pairs.some(([value]) => value === before)) select.value = before;
}

export function showReview({ where = "classes", what = "", first = "newest" } = {}) {
  [place.value, kind.value, order.value] = [where, what, first];
  askAgain();
}

function askAgain() {
  const [where, label] = place.value.startsWith("class ") ? ["classes", place.value.slice(6)] : [place.value, null];
  chosen.clear();
  photos.ask({ place: where, ...(label === null ? {} : { class: label }), ...(kind.value ? { filter: kind.value } : {}), order: order.value });
  byId("scroller").scrollTop = 0;
  input.focus(0);
  if (isShown()) photos.read(0);
}

function showPhotos() {
  const total = photos.total ?? 0;
  if (grid.total !== total) grid.setTotal(total);
  else grid.draw(true);
  if (input.active() >= total && total) input.focus(total - 1);
  byId("grid-empty").hidden = photos.total !== 0;
  setText(byId("grid-empty"), NO_PHOTOS[kind.value]);
  showSelection();
}

let refreshing = null;
let version = -1;
onSession((state) => {
  const classes = state.classes.map(({ name, photos: number }) => [`class ${name}`, `${name} (${number})`]);
  choices(place, [["classes", "All classes"], ...classes, ["inbox", `Inbox (${state.inbox.photos})`], ["trash", `Trash (${state.trash.photos})`]]);
  setText(byId("review-count"), String(state.classes.reduce((sum, one) => sum + one.photos, state.inbox.photos)));
  if (!isShown() || refreshing || version === state.version) return;
  refreshing = setTimeout(() => {
    refreshing = null;
    version = session.value.version;
    photos.refresh();
  }, REFRESH_MS);
});
choices(kind, KINDS);
choices(order, ORDERS);
choices(place, [["classes", "All classes"], ["inbox", "Inbox"], ["trash", "Trash"]]);
kind.addEventListener("change", () => kind.value === "doubtful" && (order.value = "doubtful"));
for (const select of [place, kind, order]) select.addEventListener("change", askAgain);
addEventListener("view", () => {
  if (!isShown()) return;
  if (photos.total === null) askAgain();
  else photos.refresh();
  grid.measure();
});

// ---- What to do with them. ----

// The selected photos; without a selection the one on which the keyboard is.
function wanted() {
  if (chosen.ids.size) return [...chosen.ids];
  const photo = document.activeElement === grid.list && photos.at(input.active());
  return photo ? [photo.id] : [];
}

async function move(answer) {
  const at = input.active();
  if (!(await change(answer))) return;
  chosen.clear();
  await photos.refresh();
  input.focus(at);
}

export function assignSelected(label) {
  const ids = wanted();
  if (ids.length) move(api.assign(ids, label));
}

export function deleteSelected() {
  const ids = wanted();
  if (ids.length) move(api.remove(ids));
}

export async function selectAll() {
  if (!grid.total) return;
  try {
    chosen.only((await photos.range(0, grid.total - 1)).map((photo) => photo.id));
    announce(`${count(chosen.ids.size, "photo")} selected`);
  } catch (error) {
    showError(error);
  }
}

function open(index) {
  const photo = photos.at(index);
  if (!photo) return;
  const step = (by) => {
    const other = photos.at(input.active() + by);
    if (other) input.focus(input.active() + by);
    return other && other.id;
  };
  input.focus(index);
  openPhoto(photo.id, { step, moved: () => photos.refresh() });
}

function showSelection() {
  const selected = chosen.ids.size;
  const number = photos.total === null ? "Photos are being read" : count(photos.total, "photo");
  setText(byId("review-total"), selected ? `${number}, ${selected.toLocaleString("en")} selected` : number);
  for (const button of byId("actions").querySelectorAll("#assign button, #delete")) button.disabled = !selected;
  setText(byId("select-all"), selected ? "Select none" : "Select all");
  grid.draw(true);
}

onClasses((names) => {
  byId("assign").replaceChildren(...names.map((name, index) => classButton(name, index, () => assignSelected(name))));
  showSelection();
});
byId("delete").addEventListener("click", deleteSelected);
byId("enlarge").addEventListener("click", () => open(input.active()));
byId("select-all").addEventListener("click", () => (chosen.ids.size ? chosen.clear() : selectAll()));
