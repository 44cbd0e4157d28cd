// Thumbnails are loaded a few at a time, the newest wish first; those that are out of sight are not loaded any more.
import { thumbnailOf } from "./api.js";

const AT_ONCE = 4; // a browser opens six connections; one is for the events, one for changes

export class Thumbnails {
  constructor() {
    this.waiting = new Map(); // picture -> id
    this.loading = new Set();
  }

  show(picture, id) {
    if (picture.dataset.id === id) return;
    this.forget(picture);
    picture.dataset.id = id;
    this.waiting.set(picture, id);
    this.next();
  }

  forget(picture) {
    delete picture.dataset.id;
    this.waiting.delete(picture);
    this.loading.delete(picture);
    picture.onload = picture.onerror = null;
    if (picture.hasAttribute("src")) picture.removeAttribute("src"); // this ends its request
    this.next();
  }

  next() {
    while (this.waiting.size && this.loading.size < AT_ONCE) {
      const [picture, id] = [...this.waiting].pop();
      this.waiting.delete(picture);
      this.loading.add(picture);
      picture.onload = picture.onerror = () => {
        this.loading.delete(picture);
        this.next();
      };
      picture.src = thumbnailOf(id);
    }
  }
}
