// A grid of which only the visible rows are elements; a cell that leaves the window is used again for another photo.
import { element } from "./dom.js";

const GAP = 6; // pixels
const MORE_ROWS = 2; // rows above and below the window

export class Grid {
  // `fill(cell, index)` shows a photo in a cell; `empty(cell)` ends what the cell was loading.
  constructor(scroller, list, make, fill, empty) {
    Object.assign(this, { scroller, list, make, fill, empty });
    this.total = 0;
    this.columns = 1;
    this.cell = 100; // pixels, square
    this.cells = new Map(); // index -> cell
    this.free = [];
    scroller.addEventListener("scroll", () => this.later(), { passive: true });
    new ResizeObserver(() => this.measure()).observe(scroller);
  }

  get row() {
    return this.cell + GAP;
  }

  measure() {
    const width = this.list.clientWidth;
    if (!width) return;
    const first = this.firstVisible();
    const wanted = width < 600 ? 104 : 132;
    this.columns = Math.max(1, Math.floor((width + GAP) / (wanted + GAP)));
    this.cell = (width + GAP) / this.columns - GAP;
    this.list.style.setProperty("--cell", `${this.cell}px`);
    this.drawAll();
    if (first > 0) this.scroller.scrollTop = Math.floor(first / this.columns) * this.row;
  }

  firstVisible() {
    return Math.floor(this.scroller.scrollTop / this.row) * this.columns;
  }

  setTotal(total) {
    this.total = total;
    this.drawAll();
  }

  later() {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = null;
      this.draw();
    });
  }

  drawAll() {
    const rows = Math.ceil(this.total / this.columns);
    this.list.style.height = `${Math.max(rows * this.row - GAP, 0)}px`;
    this.draw(true);
  }

  // Show the rows in the window; `again`: fill the cells that stay, too.
  draw(again = false) {
    const top = this.scroller.scrollTop - this.list.offsetTop;
    const first = Math.max(0, Math.floor(top / this.row) - MORE_ROWS) * this.columns;
    const last = Math.min(this.total, (Math.ceil((top + this.scroller.clientHeight) / this.row) + MORE_ROWS) * this.columns);
    for (const [index, cell] of this.cells) {
      if (index >= first && index < last) continue;
      this.cells.delete(index);
      this.free.push(cell);
      this.empty(cell);
      cell.hidden = true;
    }
    for (let index = first; index < last; index += 1) {
      let cell = this.cells.get(index);
      if (!cell) {
        cell = this.free.pop() || this.list.appendChild(this.make());
        this.cells.set(index, cell);
        cell.hidden = false;
        cell.id = `photo-${index}`;
      } else if (!again) continue;
      cell.style.transform = `translate(${(index % this.columns) * this.row}px, ${Math.floor(index / this.columns) * this.row}px)`;
      this.fill(cell, index);
    }
  }

  // The index at a place of the window, or null between the photos.
  indexAt(x, y) {
    const [index] = this.indexesIn({ left: x, right: x, top: y, bottom: y });
    return index ?? null;
  }

  // The indexes that a rectangle of the window touches.
  indexesIn({ left, right, top, bottom }) {
    const box = this.list.getBoundingClientRect();
    const span = (from, to, most) => {
      const first = Math.ceil((from - this.cell) / this.row);
      return [Math.max(0, first), Math.min(most - 1, Math.floor(to / this.row))];
    };
    const [column, lastColumn] = span(left - box.left, right - box.left, this.columns);
    const [row, lastRow] = span(top - box.top, bottom - box.top, Math.ceil(this.total / this.columns));
    const indexes = [];
    for (let y = row; y <= lastRow; y += 1) for (let x = column; x <= lastColumn; x += 1) if (y * this.columns + x < this.total) indexes.push(y * this.columns + x);
    return indexes;
  }

  scrollTo(index) {
    const top = Math.floor(index / this.columns) * this.row + this.list.offsetTop;
    const view = this.scroller;
    if (top < view.scrollTop) view.scrollTop = top - GAP;
    else if (top + this.cell > view.scrollTop + view.clientHeight) view.scrollTop = top + this.cell + GAP - view.clientHeight;
    this.draw();
  }

  get rowsInView() {
    return Math.max(1, Math.floor(this.scroller.clientHeight / this.row));
  }
}

export function newCell() {
  const picture = element("img", { alt: "", decoding: "async", draggable: false });
  const cell = element("div", { class: "cell", role: "option", "aria-selected": "false" }, picture);
  cell.append(element("span", { class: "mark" }), element("span", { class: "times" }), element("span", { class: "name" }));
  return cell;
}
