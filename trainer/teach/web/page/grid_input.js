// How photos are chosen in the grid: by mouse, finger and keyboard.
import { element } from "./dom.js";

const MOVED = 6; // pixels; a shorter way is a click
const EDGE = 40; // pixels from the edge at which a drag scrolls
const SPEED = 14; // pixels a frame

// `photos` is a PhotoList, `chosen` a Selection. `open(index)` shows a photo large.
// Returns {active(), focus(index)}: the photo on which the keyboard is.
export function gridInput(grid, photos, chosen, { open, changed }) {
  const { scroller, list } = grid;
  let active = 0;
  let anchor = 0; // where a range begins
  let drag = null;

  function focus(index) {
    active = Math.min(Math.max(index, 0), Math.max(grid.total - 1, 0));
    list.setAttribute("aria-activedescendant", `photo-${active}`);
    grid.scrollTo(active);
    changed();
  }

  async function range(to, keep) {
    const ids = (await photos.range(Math.min(anchor, to), Math.max(anchor, to))).map((photo) => photo.id);
    if (keep) chosen.add(ids);
    else chosen.only(ids);
  }

  function click(index, event) {
    const photo = photos.at(index);
    if (!photo) return;
    if (event.shiftKey) range(index, event.ctrlKey || event.metaKey);
    else {
      anchor = index;
      if (event.ctrlKey || event.metaKey || event.pointerType === "touch") chosen.toggle(photo.id);
      else chosen.only([photo.id]);
    }
    focus(index);
  }

  // ---- Mouse and finger; a mouse that is dragged selects a rectangle, a finger scrolls. ----
  const bandElement = element("div", { class: "band", hidden: true, "aria-hidden": "true" });
  scroller.append(bandElement);

  list.addEventListener("click", (event) => {
    const index = grid.indexAt(event.clientX, event.clientY);
    if (event.pointerType === "touch" && index !== null) click(index, event);
  });
  scroller.addEventListener("dblclick", (event) => {
    const index = grid.indexAt(event.clientX, event.clientY);
    if (index !== null) open(index);
  });
  scroller.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "touch" || event.button !== 0 || event.offsetX > scroller.clientWidth) return;
    list.focus({ preventScroll: true });
    event.preventDefault(); // no text is selected
    const box = list.getBoundingClientRect();
    drag = { x: event.clientX - box.left, y: event.clientY - box.top, at: event, base: null };
    scroller.setPointerCapture(event.pointerId);
  });
  scroller.addEventListener("pointermove", (event) => {
    if (!drag) return;
    drag.at = event;
    const box = list.getBoundingClientRect();
    const moved = Math.hypot(event.clientX - box.left - drag.x, event.clientY - box.top - drag.y) > MOVED;
    if (drag.base || !moved) return;
    drag.base = event.shiftKey || event.ctrlKey || event.metaKey ? [...chosen.ids] : [];
    band();
  });
  function band() {
    if (!drag || !drag.base) return;
    const view = scroller.getBoundingClientRect();
    const y = drag.at.clientY;
    if (y < view.top + EDGE) scroller.scrollTop -= SPEED;
    if (y > view.bottom - EDGE) scroller.scrollTop += SPEED;
    const indexes = showBand();
    chosen.only([...drag.base, ...indexes.map((index) => photos.at(index)?.id).filter(Boolean)]);
    requestAnimationFrame(band);
  }
  function showBand() {
    const box = list.getBoundingClientRect();
    const [x, y] = [drag.at.clientX - box.left, drag.at.clientY - box.top];
    const [left, right, top, bottom] = [Math.min(x, drag.x), Math.max(x, drag.x), Math.min(y, drag.y), Math.max(y, drag.y)];
    const place = { left: left + list.offsetLeft, top: top + list.offsetTop, width: right - left, height: bottom - top };
    for (const [name, value] of Object.entries(place)) bandElement.style[name] = `${value}px`;
    bandElement.hidden = false;
    return grid.indexesIn({ left: left + box.left, right: right + box.left, top: top + box.top, bottom: bottom + box.top });
  }
  async function endDrag(event) {
    if (!drag) return;
    const { base } = drag;
    if (base) {
      const indexes = showBand();
      drag = null;
      bandElement.hidden = true;
      if (indexes.length) {
        anchor = indexes[0];
        await photos.range(indexes[0], indexes[indexes.length - 1]);
        chosen.only([...base, ...indexes.map((index) => photos.at(index)?.id).filter(Boolean)]);
      }
      return;
    }
    drag = null;
    const index = grid.indexAt(event.clientX, event.clientY);
    if (index !== null) click(index, event);
    else if (!event.shiftKey && !event.ctrlKey && !event.metaKey) chosen.clear();
  }
  scroller.addEventListener("pointerup", endDrag);
  scroller.addEventListener("pointercancel", () => {
    drag = null;
    bandElement.hidden = true;
  });

  // ---- Keyboard. ----
  list.addEventListener("keydown", (event) => {
    const page = grid.rowsInView * grid.columns;
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -grid.columns, ArrowDown: grid.columns, PageUp: -page, PageDown: page, Home: -active, End: grid.total - 1 - active };
    const step = steps[event.key];
    if (step !== undefined && !event.altKey && grid.total) {
      event.preventDefault();
      const to = active + step < 0 || active + step >= grid.total ? (Math.abs(step) > 1 && event.key.startsWith("Page") ? active + step : active) : active + step;
      if (!event.shiftKey && !event.ctrlKey) anchor = Math.min(Math.max(to, 0), grid.total - 1);
      focus(to);
      if (event.shiftKey) range(active, false);
    } else if (event.key === " " && photos.at(active)) {
      event.preventDefault();
      anchor = active;
      chosen.toggle(photos.at(active).id);
    } else if (event.key === "Enter" && grid.total) {
      event.preventDefault();
      open(active);
    } else if (event.key === "Escape") {
      chosen.clear();
    }
  });

  return { active: () => active, focus };
}
