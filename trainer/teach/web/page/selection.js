// Which photos are selected, by id, so that they stay selected if the list changes.
export class Selection {
  constructor(changed) {
    this.ids = new Set();
    this.changed = changed;
  }

  has(id) {
    return this.ids.has(id);
  }

  only(ids) {
    this.ids = new Set(ids);
    this.changed();
  }

  add(ids) {
    for (const id of ids) this.ids.add(id);
    this.changed();
  }

  toggle(id) {
    if (!this.ids.delete(id)) this.ids.add(id);
    this.changed();
  }

  clear() {
    if (this.ids.size) this.only([]);
  }
}
