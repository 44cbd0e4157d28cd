// The stream of the server's events: opened again without end; closed while the page is hidden.
const LOST_MS = 4000; // the server sends an event every second; after this time without one it is lost
const RETRY_MS = [300, 600, 1200, 2000];
// A browser has six connections to a server for all its windows. If streams took all six, no page would load any more.
const WINDOWS = 4;

export class Connection {
  // `show` has a function for each name of an event; `lost` is called after each failed connection. `yielded` is called
  // when the stream was closed because WINDOWS windows of this browser are newer; a click or a key opens it again.
  constructor(show, lost, yielded) {
    this.show = show;
    this.onLost = lost;
    this.onYielded = yielded;
    this.id = `${Date.now()}-${Math.random()}`;
    this.newer = new Set(); // windows that opened their stream after this one
    this.hasYielded = false;
    this.windows = new BroadcastChannel("edge-events"); // the windows of this address
    this.windows.addEventListener("message", ({ data }) => this.hear(data));
    this.events = null;
    this.tries = 0; // failed connections in a row
    this.eventAt = 0; // time of the last event, or of the start of the connection
    this.wasConnected = false; // whether this page has ever received an event
    document.addEventListener("visibilitychange", () => (document.hidden ? this.close() : this.open()));
    addEventListener("online", () => this.open());
    addEventListener("pagehide", () => this.close());
    for (const name of ["focus", "pointerdown", "keydown"]) addEventListener(name, () => this.hasYielded && this.open());
    setInterval(() => this.events && performance.now() - this.eventAt > LOST_MS && this.lost(), 500);
  }

  open() {
    this.close();
    if (document.hidden) return;
    this.hasYielded = false;
    this.newer.clear();
    this.windows.postMessage({ opened: this.id });
    this.eventAt = performance.now();
    this.events = new EventSource("events");
    for (const [name, show] of Object.entries(this.show)) {
      this.events.addEventListener(name, (event) => {
        this.eventAt = performance.now();
        this.wasConnected = true;
        this.tries = 0;
        show(JSON.parse(event.data));
      });
    }
    this.events.addEventListener("error", () => this.lost());
  }

  close() {
    if (this.events) {
      this.events.close();
      this.windows.postMessage({ closed: this.id });
    }
    this.events = null;
    clearTimeout(this.timer);
  }

  hear({ opened, closed }) {
    if (opened) this.newer.add(opened);
    else this.newer.delete(closed);
    if (!this.events || this.newer.size < WINDOWS) return;
    this.close();
    this.hasYielded = true;
    this.onYielded();
  }

  lost() {
    this.close();
    this.timer = setTimeout(() => this.open(), RETRY_MS[Math.min(this.tries, RETRY_MS.length - 1)] * (0.8 + 0.4 * Math.random()));
    this.tries += 1;
    if (this.tries > 1) askForToken();
    this.onLost();
  }
}

// An EventSource does not report why it failed. If the token was changed, the form for the token must be shown.
async function askForToken() {
  const answer = await fetch("health").catch(() => null);
  if (answer && answer.status === 401) location.reload();
}
