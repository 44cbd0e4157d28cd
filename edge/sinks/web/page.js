import { showCounts, showModel } from "./details.js";
import { Timeline, duration, percent } from "./timeline.js";

const LOST_MS = 4000; // the server sends something every second; after this long without, it is gone
const RETRY_MS = [300, 600, 1200, 2000];
const byId = (id) => document.getElementById(id);
const body = document.body;
const canvas = byId("picture");

let labels = new Map(); // label -> its place among the model's
let events = null; // the stream of the server's events
let tries = 0; // failed connections in a row
let heardAt = 0; // when anything was heard, or the connection was begun
let heardBefore = false; // whether this page has ever been connected
let latest = null; // the newest "now" of the server ...
let latestAt = 0; // ... and when it came
let paused = false;
let shown = null; // the number of the frame on the canvas
let looking = null; // the request for the next picture, while there is one

const timeline = new Timeline(colourOf);

function colourOf(label) {
  return labels.has(label) ? `var(--c${labels.get(label) % 8})` : "var(--unknown)";
}

function setText(id, text) {
  const element = byId(id);
  if (element.textContent !== text) element.textContent = text; // only news is read aloud
}

// ---- The connection: opened again by itself, for ever; given up while nobody can see the page. ----

function connect() {
  disconnect();
  if (document.hidden) return;
  heardAt = performance.now();
  events = new EventSource("events");
  events.addEventListener("history", (event) => heard(() => timeline.replace(JSON.parse(event.data))));
  events.addEventListener("model", (event) => heard(() => takeModel(JSON.parse(event.data))));
  events.addEventListener("now", (event) => heard(() => showNow(JSON.parse(event.data))));
  events.addEventListener("error", lost);
}

function disconnect() {
  if (events) events.close();
  if (looking) looking.abort();
  events = null;
  clearTimeout(connect.timer);
}

function heard(show) {
  heardAt = performance.now();
  heardBefore = true;
  tries = 0;
  show();
}

function lost() {
  disconnect();
  connect.timer = setTimeout(connect, RETRY_MS[Math.min(tries, RETRY_MS.length - 1)] * (0.8 + 0.4 * Math.random()));
  tries += 1;
  if (tries > 1) askForToken();
  showState(heardBefore ? "reconnecting" : "connecting");
}

// An EventSource does not tell why it failed; with another token than before, the page that asks for it comes.
async function askForToken() {
  const answer = await fetch("health").catch(() => null);
  if (answer && answer.status === 401) location.reload();
}

setInterval(() => {
  if (events && performance.now() - heardAt > LOST_MS) lost();
  if (body.dataset.state === "reconnecting") showState("reconnecting");
  timeline.tick();
}, 500);
document.addEventListener("visibilitychange", () => (document.hidden ? disconnect() : connect()));
addEventListener("online", connect);

// ---- The picture: asked for when the one before is shown, so that a slow viewer simply sees fewer. ----

async function look() {
  if (looking || paused || document.hidden || !["live", "stalled"].includes(body.dataset.state)) return;
  looking = new AbortController();
  const timeout = setTimeout(() => looking.abort(), 10000);
  try {
    const answer = await fetch(shown === null ? "picture.jpg" : `picture.jpg?shown=${shown}`, { signal: looking.signal });
    if (answer.status === 200) {
      const bitmap = await createImageBitmap(await answer.blob());
      if (!paused) drawPicture(bitmap, Number(answer.headers.get("X-Frame-Sequence")));
      bitmap.close();
    } else if (answer.status !== 204) {
      throw new Error(answer.statusText);
    }
    setTimeout(look);
  } catch {
    setTimeout(look, 1000); // the events tell whether the server is gone
  } finally {
    clearTimeout(timeout);
    looking = null;
  }
}

function drawPicture(bitmap, sequence) {
  if (canvas.width !== bitmap.width || canvas.height !== bitmap.height) {
    canvas.width = bitmap.width;
    canvas.height = bitmap.height;
    byId("stage").style.aspectRatio = Math.min(Math.max(bitmap.width / bitmap.height, 1), 16 / 9);
  }
  const brush = canvas.getContext("2d");
  brush.drawImage(bitmap, 0, 0);
  const { region, frame_size: size } = latest.observation;
  if (region) {
    const scale = bitmap.width / size[0];
    const [x, y, width, height] = region.map((length) => length * scale);
    for (const [colour, thickness] of [["rgb(0 0 0 / .6)", 5], ["#ffffff", 2]]) {
      brush.strokeStyle = colour;
      brush.lineWidth = (thickness * bitmap.width) / 640;
      brush.strokeRect(x, y, width, height);
    }
  }
  shown = sequence;
  canvas.dataset.sequence = sequence;
}

// ---- What the server says. ----

function showNow(now) {
  latest = now;
  latestAt = performance.now();
  showState(now.state);
  showCounts(now);
  const seen = now.observation;
  if (!seen) return;
  if (seen.sequence !== timeline.sequence) timeline.add(seen.sequence, now.silent_s, seen.label, seen.score);
  setText("rate", now.frames_per_second === null ? "–" : `${now.frames_per_second.toFixed(now.frames_per_second < 10 ? 1 : 0)} /s`);
  setText("age", now.silent_s < 1 ? `${Math.round(1000 * now.silent_s)} ms` : duration(now.silent_s));
  setText("latency", `${seen.latency_ms.toFixed(seen.latency_ms < 10 ? 1 : 0)} ms`);
  if (!paused) showAnswer(seen);
  look();
}

function showAnswer(seen) {
  setText("label", seen.label);
  const best = seen.categories[0];
  const sure = labels.has(seen.label) || !best ? percent(seen.score) : `at best ${best.label}, ${percent(best.score)}`;
  setText("score", sure);
  setText("caption-label", seen.label);
  setText("caption-score", sure);
  canvas.setAttribute("aria-label", `Live picture: ${seen.label}`);
  document.title = `${seen.label} – Edge for Poets`;
  const bars = byId("bars");
  while (bars.children.length > seen.categories.length) bars.lastChild.remove();
  while (bars.children.length < seen.categories.length) bars.append(newBar());
  seen.categories.forEach(({ label, score }, place) => {
    const row = bars.children[place];
    const [name, value, track] = row.children;
    name.textContent = label;
    name.title = label;
    value.textContent = percent(score);
    row.className = label === seen.label ? "steady" : "";
    row.style.setProperty("--colour", colourOf(label));
    track.firstChild.style.transform = `scaleX(${Math.min(Math.max(score, 0), 1)})`;
  });
}

function newBar() {
  const row = document.createElement("li");
  for (const part of ["name", "value", "track"]) {
    const element = document.createElement("span");
    element.className = part;
    row.append(element);
  }
  const fill = document.createElement("div");
  fill.className = "fill";
  row.lastChild.append(fill);
  return row;
}

function showState(state) {
  const changed = body.dataset.state !== state;
  body.dataset.state = state;
  const silent = latest ? latest.silent_s + (performance.now() - latestAt) / 1000 : 0;
  const failures = latest ? latest.counts.source_errors : 0;
  const notices = {
    connecting: ["Connecting", "If this takes long, edge watch is not running, or too many pages are open."],
    waiting: [
      "Waiting for the first frame",
      failures ? `The source has failed ${times(failures)} since the start; it is tried again.` : `for ${duration(silent)}; a camera needs a moment.`,
    ],
    stalled: [`No frame for ${duration(silent)}`, "The last picture stays. The source is tried again by itself."],
    reconnecting: ["Reconnecting", latest && latest.observation ? `The last frame is ${duration(silent)} old.` : "edge watch does not answer."],
  };
  const chips = { connecting: "Connecting", waiting: "Waiting", live: paused ? "Paused" : "Live", stalled: "No frames", reconnecting: "Reconnecting" };
  setText("state-text", chips[state]);
  setText("answer-title", paused ? "Held" : state === "live" ? "It sees" : latest && latest.observation ? "It saw last" : "It sees");
  const notice = notices[state];
  body.toggleAttribute("data-notice", Boolean(notice));
  if (notice) {
    setText("notice-title", notice[0]);
    setText("notice-text", notice[1]);
  }
  if (changed && state === "reconnecting") document.title = "Reconnecting – Edge for Poets";
}

function takeModel(model) {
  labels = new Map(model.labels.map((label, place) => [label, place]));
  showModel(model);
  timeline.draw();
}

function times(count) {
  return count === 1 ? "once" : `${count} times`;
}

// ---- Buttons and keys. ----

function setPaused(value) {
  paused = value;
  body.toggleAttribute("data-paused", paused);
  if (paused && looking) looking.abort();
  byId("pause").setAttribute("aria-pressed", String(paused));
  byId("pause").lastChild.textContent = paused ? "Go on" : "Pause";
  showState(body.dataset.state);
  if (!paused && latest && latest.observation) showAnswer(latest.observation);
  look();
}

// A phone may not allow an element to take the screen; filling the window is what every browser can do.
function setFull(value) {
  byId("stage").classList.toggle("filling", value);
  byId("full").setAttribute("aria-pressed", String(value));
  byId("full").lastChild.textContent = value ? "Leave full screen" : "Full screen";
  if (value && document.fullscreenEnabled) byId("stage").requestFullscreen().catch(() => {});
  if (!value && document.fullscreenElement) document.exitFullscreen();
}
const isFull = () => byId("stage").classList.contains("filling");

byId("pause").addEventListener("click", () => setPaused(!paused));
byId("full").addEventListener("click", () => setFull(!isFull()));
document.addEventListener("fullscreenchange", () => document.fullscreenElement || setFull(false));
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key === "p") setPaused(!paused);
  if (event.key === "f") setFull(!isFull());
  if (event.key === "Escape" && isFull()) setFull(false);
});

// The token has become a cookie; it need not stay in the address bar and the history.
if (location.search) history.replaceState(null, "", location.pathname);
connect();
