import { showCounts, showModel } from "./details.js";
import { Timeline, duration, percent } from "./timeline.js";

const LOST_MS = 4000; // the server sends an event every second; after this time without one it is lost
const RETRY_MS = [300, 600, 1200, 2000];
const byId = (id) => document.getElementById(id);
const body = document.body;
const canvas = byId("picture");

let labels = new Map(); // label -> its position in the model
let events = null; // the stream of the server's events
let tries = 0; // failed connections in a row
let eventAt = 0; // time of the last event, or of the start of the connection
let wasConnected = false; // whether this page has ever received an event
let latest = null; // the newest event "now" of the server
let latestAt = 0; // the time when it came
let paused = false;
let shown = null; // the number of the frame on the canvas
let pictureRequest = null; // the request for the next picture, while there is one

const timeline = new Timeline(colourOf);

function colourOf(label) {
  return labels.has(label) ? `var(--c${labels.get(label) % 8})` : "var(--unknown)";
}

function setText(id, text) {
  const element = byId(id);
  if (element.textContent !== text) element.textContent = text; // a screen reader reads only changes aloud
}

// ---- The connection: opened again without end; closed while the page is hidden. ----

function connect() {
  disconnect();
  if (document.hidden) return;
  eventAt = performance.now();
  events = new EventSource("events");
  events.addEventListener("history", (event) => received(() => timeline.replace(JSON.parse(event.data))));
  events.addEventListener("model", (event) => received(() => useModel(JSON.parse(event.data))));
  events.addEventListener("now", (event) => received(() => showNow(JSON.parse(event.data))));
  events.addEventListener("error", lost);
}

function disconnect() {
  if (events) events.close();
  if (pictureRequest) pictureRequest.abort();
  events = null;
  clearTimeout(connect.timer);
}

function received(show) {
  eventAt = performance.now();
  wasConnected = true;
  tries = 0;
  show();
}

function lost() {
  disconnect();
  connect.timer = setTimeout(connect, RETRY_MS[Math.min(tries, RETRY_MS.length - 1)] * (0.8 + 0.4 * Math.random()));
  tries += 1;
  if (tries > 1) askForToken();
  showState(wasConnected ? "reconnecting" : "connecting");
}

// An EventSource does not report why it failed. If the token was changed, the form for the token must be shown.
async function askForToken() {
  const answer = await fetch("health").catch(() => null);
  if (answer && answer.status === 401) location.reload();
}

setInterval(() => {
  if (events && performance.now() - eventAt > LOST_MS) lost();
  if (body.dataset.state === "reconnecting") showState("reconnecting");
  timeline.tick();
}, 500);
document.addEventListener("visibilitychange", () => (document.hidden ? disconnect() : connect()));
addEventListener("online", connect);

// ---- The picture: requested after the one before was shown, so a slow page shows fewer pictures. ----

async function requestPicture() {
  if (pictureRequest || paused || document.hidden || !["live", "stalled"].includes(body.dataset.state)) return;
  pictureRequest = new AbortController();
  const timeout = setTimeout(() => pictureRequest.abort(), 10000);
  try {
    const answer = await fetch(shown === null ? "picture.jpg" : `picture.jpg?shown=${shown}`, { signal: pictureRequest.signal });
    if (answer.status === 200) {
      const bitmap = await createImageBitmap(await answer.blob());
      if (!paused) drawPicture(bitmap, Number(answer.headers.get("X-Frame-Sequence")));
      bitmap.close();
    } else if (answer.status !== 204) {
      throw new Error(answer.statusText);
    }
    setTimeout(requestPicture);
  } catch {
    setTimeout(requestPicture, 1000); // whether the server is lost is decided from the events
  } finally {
    clearTimeout(timeout);
    pictureRequest = null;
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

// ---- The events of the server. ----

function showNow(now) {
  latest = now;
  latestAt = performance.now();
  showState(now.state);
  showCounts(now);
  const observation = now.observation;
  if (!observation) return;
  if (observation.sequence !== timeline.sequence) timeline.add(observation.sequence, now.silent_s, observation.label, observation.score);
  setText("rate", now.frames_per_second === null ? "–" : `${now.frames_per_second.toFixed(now.frames_per_second < 10 ? 1 : 0)} /s`);
  setText("age", now.silent_s < 1 ? `${Math.round(1000 * now.silent_s)} ms` : duration(now.silent_s));
  setText("latency", `${observation.latency_ms.toFixed(observation.latency_ms < 10 ? 1 : 0)} ms`);
  if (!paused) showAnswer(observation);
  requestPicture();
}

function showAnswer(observation) {
  setText("label", observation.label);
  const best = observation.categories[0];
  const sure = labels.has(observation.label) || !best ? percent(observation.score) : `best: ${best.label}, ${percent(best.score)}`;
  setText("score", sure);
  setText("caption-label", observation.label);
  setText("caption-score", sure);
  canvas.setAttribute("aria-label", `Live picture: ${observation.label}`);
  document.title = `${observation.label} – Edge for Poets`;
  const bars = byId("bars");
  while (bars.children.length > observation.categories.length) bars.lastChild.remove();
  while (bars.children.length < observation.categories.length) bars.append(newBar());
  observation.categories.forEach(({ label, score }, place) => {
    const row = bars.children[place];
    const [name, value, track] = row.children;
    name.textContent = label;
    name.title = label;
    value.textContent = percent(score);
    row.className = label === observation.label ? "steady" : "";
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
      failures ? `The source has failed ${times(failures)} since the start; edge watch tries it again.` : `for ${duration(silent)}; a camera needs a few seconds to start.`,
    ],
    stalled: [`No frame for ${duration(silent)}`, "This is the last picture. edge watch tries the source again."],
    reconnecting: ["Reconnecting", latest && latest.observation ? `The last frame is ${duration(silent)} old.` : "edge watch does not answer."],
  };
  const chips = { connecting: "Connecting", waiting: "Waiting", live: paused ? "Paused" : "Live", stalled: "No frames", reconnecting: "Reconnecting" };
  setText("state-text", chips[state]);
  setText("answer-title", paused ? "Label when paused" : state !== "live" && latest && latest.observation ? "Last label" : "Label");
  const notice = notices[state];
  body.toggleAttribute("data-notice", Boolean(notice));
  if (notice) {
    setText("notice-title", notice[0]);
    setText("notice-text", notice[1]);
  }
  if (changed && state === "reconnecting") document.title = "Reconnecting – Edge for Poets";
}

function useModel(model) {
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
  if (paused && pictureRequest) pictureRequest.abort();
  byId("pause").setAttribute("aria-pressed", String(paused));
  byId("pause").lastChild.textContent = paused ? "Continue" : "Pause";
  showState(body.dataset.state);
  if (!paused && latest && latest.observation) showAnswer(latest.observation);
  requestPicture();
}

// A phone may not allow full screen for an element; every browser can fill the window with it.
function setFull(value) {
  byId("stage").classList.toggle("filling", value);
  byId("full").setAttribute("aria-pressed", String(value));
  byId("full").lastChild.textContent = value ? "Exit full screen" : "Full screen";
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

// The token is now a cookie: remove it from the address bar and the history.
if (location.search) history.replaceState(null, "", location.pathname);
connect();
