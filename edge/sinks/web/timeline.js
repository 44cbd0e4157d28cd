// A drawing of the last minutes: the height is the score, the colour the label. The right edge is now.
const SVG = "http://www.w3.org/2000/svg";
// Heights in a drawing of height 100, from the top.
const TOP = 6; // a score of 1
const BOTTOM = 84; // a score of 0
const BAND = 88; // the upper edge of the band in the colour of the label
const GAP_S = 4; // moments further apart than this, and than twice the usual distance, are not joined

export class Timeline {
  constructor(colourOf) {
    this.colourOf = colourOf;
    this.svg = document.getElementById("timeline");
    this.chart = document.getElementById("chart");
    this.readout = document.getElementById("moment");
    this.lengthS = 300;
    this.moments = []; // {at: seconds of this page's clock, label, score}, oldest first, one a second
    this.sequence = null; // the frame of the newest moment
    this.chosen = null;
    this.drawnAt = -1;
    this.chart.addEventListener("pointermove", (event) => this.point(event));
    this.chart.addEventListener("pointerdown", (event) => this.point(event));
    this.chart.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && this.choose(null));
    this.chart.addEventListener("blur", () => this.choose(null));
    this.chart.addEventListener("keydown", (event) => this.key(event));
  }

  replace({ length_s: lengthS, sequence, moments }) {
    const now = performance.now() / 1000;
    this.lengthS = lengthS;
    this.sequence = sequence;
    const received = moments.map(([ago, label, score]) => ({ at: now - ago, label, score }));
    const from = received.length ? received[0].at - 0.5 : now;
    this.moments = [...this.moments.filter((moment) => moment.at < from), ...received]; // a restarted server does not have the moments before
    this.choose(null);
    this.draw();
  }

  add(sequence, ago, label, score) {
    this.sequence = sequence;
    const last = this.moments[this.moments.length - 1];
    const at = Math.max(performance.now() / 1000 - ago, last ? last.at : 0);
    if (last && Math.floor(last.at) === Math.floor(at) && last.label === label) this.moments.pop();
    this.moments.push({ at, label, score });
  }

  // Called often; redraws about once a second.
  tick() {
    if (performance.now() - this.drawnAt > 900) this.draw();
  }

  draw() {
    this.drawnAt = performance.now();
    const now = performance.now() / 1000;
    while (this.moments.length && this.moments[0].at < now - this.lengthS) this.moments.shift();
    const x = (moment) => Math.max(moment.at - now, -this.lengthS).toFixed(1);
    const y = (moment) => (BOTTOM - (BOTTOM - TOP) * moment.score).toFixed(1);
    const shapes = [0, 0.5, 1].map((score) => {
      const height = BOTTOM - (BOTTOM - TOP) * score;
      return shape("line", "grid", { x1: -this.lengthS, x2: 0, y1: height, y2: height });
    });
    const shares = new Map();
    for (const run of this.runs()) {
      const [first, last] = [run[0], run[run.length - 1]];
      const colour = this.colourOf(first.label);
      const line = run.map((moment) => `${x(moment)},${y(moment)}`).join(" ");
      const width = Math.max(last.at - first.at, 1);
      shapes.push(
        shape("polygon", "area", { points: `${x(first)},${BOTTOM} ${line} ${x(last)},${BOTTOM}` }, colour),
        shape("polyline", "line", { points: line }, colour),
        shape("rect", "band", { x: x(first), y: BAND, width, height: 100 - BAND }, colour),
      );
      shares.set(first.label, (shares.get(first.label) || 0) + width);
    }
    if (this.chosen) shapes.push(shape("line", "cursor", { x1: x(this.chosen), x2: x(this.chosen), y1: 0, y2: 100 }));
    this.svg.setAttribute("viewBox", `${-this.lengthS} 0 ${this.lengthS} 100`);
    this.svg.replaceChildren(...shapes);
    this.legend(shares);
    document.getElementById("empty").hidden = this.moments.length > 0;
    document.getElementById("axis-start").textContent = `${Math.round(this.lengthS / 60)} min ago`;
  }

  // Moments of one label without a gap; each run ends where the next one begins.
  runs() {
    const steps = this.moments.slice(1).map((moment, i) => moment.at - this.moments[i].at).sort((a, b) => a - b);
    const gap = Math.max(GAP_S, 2 * (steps[Math.floor(steps.length / 2)] || 0));
    const runs = [];
    let run = [];
    for (const moment of this.moments) {
      const before = run[run.length - 1];
      if (before && (moment.label !== before.label || moment.at - before.at > gap)) {
        if (moment.at - before.at <= gap) run.push({ ...moment, label: before.label });
        run = [];
      }
      if (!run.length) runs.push(run);
      run.push(moment);
    }
    return runs;
  }

  legend(shares) {
    const total = [...shares.values()].reduce((sum, part) => sum + part, 0);
    const rows = [...shares].sort((a, b) => b[1] - a[1]).slice(0, 8).map(([label, part]) => {
      const row = document.createElement("li");
      const dot = document.createElement("span");
      const share = document.createElement("span");
      dot.className = "dot";
      dot.style.setProperty("--colour", this.colourOf(label));
      share.className = "share";
      share.textContent = `${Math.round((100 * part) / total)} %`;
      row.append(dot, label, share);
      return row;
    });
    document.getElementById("legend").replaceChildren(...rows);
  }

  point(event) {
    const box = this.svg.getBoundingClientRect();
    const at = performance.now() / 1000 - this.lengthS * (1 - (event.clientX - box.left) / box.width);
    this.choose(this.moments[this.nearest(at)] || null);
  }

  nearest(at) {
    const distance = (moment) => Math.abs(moment.at - at);
    return this.moments.reduce((best, moment, place) => (best < 0 || distance(moment) < distance(this.moments[best]) ? place : best), -1);
  }

  key(event) {
    const last = this.moments.length - 1;
    const here = this.chosen ? this.nearest(this.chosen.at) : -1;
    const from = here < 0 ? last : here;
    const to = { ArrowLeft: here < 0 ? last : from - 1, ArrowRight: from + 1, PageUp: from - 30, PageDown: from + 30, Home: 0, End: last }[event.key];
    if (event.key === "Escape") this.choose(null);
    if (to === undefined || last < 0) return;
    event.preventDefault();
    this.choose(this.moments[Math.min(Math.max(to, 0), last)], true);
  }

  choose(moment, announce = false) {
    if (moment === this.chosen) return;
    this.chosen = moment;
    this.readout.setAttribute("aria-live", announce ? "polite" : "off");
    this.readout.textContent = moment ? `${ago(performance.now() / 1000 - moment.at)}: ${moment.label}, ${percent(moment.score)}` : "";
    this.draw();
  }
}

export function percent(score) {
  return `${(100 * score).toFixed(1)} %`;
}

export function duration(seconds) {
  const whole = Math.floor(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min${whole % 60 ? ` ${whole % 60} s` : ""}`;
  if (whole < 86400) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
  return `${Math.floor(whole / 86400)} d ${Math.floor((whole % 86400) / 3600)} h`;
}

function ago(seconds) {
  return seconds < 1.5 ? "now" : `${duration(seconds)} ago`;
}

function shape(name, className, attributes, colour) {
  const made = document.createElementNS(SVG, name);
  made.setAttribute("class", className);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (colour) made.style.setProperty("--colour", colour);
  return made;
}
