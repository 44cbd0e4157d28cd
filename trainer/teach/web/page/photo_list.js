// A list of photos of which only the parts that are shown are read from the session.
import { api } from "./api.js";
import { showError } from "./toast.js";

const PART = 200;
const RETRY_MS = 2000;

export class PhotoList {
  // `changed` is called when photos have come.
  constructor(changed) {
    this.changed = changed;
    this.ask({});
  }

  // Start anew with another question.
  ask(query) {
    if (this.controller) this.controller.abort();
    this.controller = new AbortController();
    this.query = query;
    this.total = null;
    this.parts = new Map(); // number -> photos
    this.old = new Set(); // numbers of parts that are to be read again when they are shown
    this.coming = new Map(); // number -> promise
  }

  // Something has changed in the session: what is shown is read again; the total is known when the promise is kept.
  refresh() {
    this.old = new Set(this.parts.keys());
    return this.total === null ? null : this.read(0);
  }

  // The photo at `index`; null while it is being read, and beside the list.
  at(index) {
    if (index < 0 || index >= (this.total ?? Infinity)) return null;
    const part = Math.floor(index / PART);
    if (!this.parts.has(part) || this.old.has(part)) this.read(part);
    return this.parts.get(part)?.[index % PART] ?? null;
  }

  // The photos from `first` to `last`, both included; reads what is missing.
  async range(first, last) {
    for (let part = Math.floor(first / PART); part <= Math.floor(last / PART); part += 1) if (!this.parts.has(part)) await this.read(part);
    const photos = [];
    for (let index = first; index <= last; index += 1) photos.push(this.at(index));
    return photos.filter(Boolean);
  }

  read(part) {
    if (!this.coming.has(part)) this.coming.set(part, this.readNow(part, this.controller.signal));
    return this.coming.get(part);
  }

  async readNow(part, signal) {
    this.old.delete(part);
    try {
      const { total, photos } = await api.photos({ ...this.query, offset: part * PART, limit: PART }, signal);
      if (signal.aborted) return;
      this.total = total;
      this.parts.set(part, photos);
      for (const known of this.parts.keys()) if (known * PART >= Math.max(total, 1)) this.parts.delete(known);
    } catch (error) {
      if (signal.aborted) return;
      showError(error);
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    } finally {
      if (!signal.aborted) {
        this.coming.delete(part);
        this.changed();
      }
    }
  }
}
