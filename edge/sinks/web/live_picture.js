// The newest frame on a canvas: requested after the one before was shown, so a slow page shows fewer pictures.
export class LivePicture {
  // `wanted` says whether pictures are shown now; `observation` gives the newest observation.
  constructor(canvas, stage, wanted, observation) {
    Object.assign(this, { canvas, stage, wanted, observation });
    this.shown = null; // the number of the frame on the canvas
    this.request = null; // the request for the next picture, while there is one
    document.addEventListener("visibilitychange", () => document.hidden && this.abort());
  }

  abort() {
    if (this.request) this.request.abort();
  }

  async next() {
    if (this.request || document.hidden || !this.wanted()) return;
    const request = (this.request = new AbortController());
    const timeout = setTimeout(() => request.abort(), 10000);
    try {
      const answer = await fetch(this.shown === null ? "picture.jpg" : `picture.jpg?shown=${this.shown}`, { signal: request.signal });
      if (answer.status === 200) {
        const bitmap = await createImageBitmap(await answer.blob());
        if (this.wanted()) this.draw(bitmap, Number(answer.headers.get("X-Frame-Sequence")));
        bitmap.close();
      } else if (answer.status !== 204) {
        throw new Error(answer.statusText);
      }
      setTimeout(() => this.next());
    } catch {
      setTimeout(() => this.next(), 1000); // whether the server is lost is decided from the events
    } finally {
      clearTimeout(timeout);
      this.request = null;
    }
  }

  draw(bitmap, sequence) {
    const canvas = this.canvas;
    if (canvas.width !== bitmap.width || canvas.height !== bitmap.height) {
      canvas.width = bitmap.width;
      canvas.height = bitmap.height;
      this.stage.style.aspectRatio = Math.min(Math.max(bitmap.width / bitmap.height, 1), 16 / 9);
    }
    const brush = canvas.getContext("2d");
    brush.drawImage(bitmap, 0, 0);
    const { region, frame_size: size } = this.observation();
    if (region) {
      const scale = bitmap.width / size[0];
      const [x, y, width, height] = region.map((length) => length * scale);
      for (const [colour, thickness] of [["rgb(0 0 0 / .6)", 5], ["#ffffff", 2]]) {
        brush.strokeStyle = colour;
        brush.lineWidth = (thickness * bitmap.width) / 640;
        brush.strokeRect(x, y, width, height);
      }
    }
    this.shown = sequence;
    canvas.dataset.sequence = sequence;
  }
}
