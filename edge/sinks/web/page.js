import { showBars } from "./bars.js";
import { Connection } from "./connection.js";
import { showCounts, showModel } from "./details.js";
import { LivePicture } from "./live_picture.js";
import { Timeline, duration, percent } from "./timeline.js";

const byId = (id) => document.getElementById(id);
const body = document.body;
const canvas = byId("picture");

let labels = new Map(); // label -> its position in the model
let latest = null; // the newest event "now" of the server
let latestAt = 0; // the time when it came
let paused = false;

const timeline = new Timeline(colourOf);
const picture = new LivePicture(
  canvas,
  byId("stage"),
  () => !paused && ["live", "stalled"].includes(body.dataset.state),
  () => latest.observation,
);
const connection = new Connection(
  { history: (history) => timeline.replace(history), model: useModel, now: showNow },
  () => showState(connection.wasConnected ? "reconnecting" : "connecting"),
  () => showState("yielded"),
);

function colourOf(label) {
  return labels.has(label) ? `var(--c${labels.get(label) % 8})` : "var(--unknown)";
}

function setText(id, text) {
  const element = byId(id);
  if (element.textContent !== text) element.textContent = text; // a screen reader reads only changes aloud
}

setInterval(() => {
  if (body.dataset.state === "reconnecting") showState("reconnecting");
  timeline.tick();
}, 500);

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
  picture.next();
}

function showAnswer(observation) {
  setText("label", observation.label);
  const best = observation.categories[0];
  const sure = !best ? "the model has no labels yet" : labels.has(observation.label) ? percent(observation.score) : `best: ${best.label}, ${percent(best.score)}`;
  setText("score", sure);
  setText("caption-label", observation.label);
  setText("caption-score", best ? sure : "");
  canvas.setAttribute("aria-label", `Live picture: ${observation.label}`);
  document.title = `${observation.label} – Edge for Poets`;
  showBars(byId("bars"), observation.categories, observation.label, colourOf);
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
    yielded: ["Shown in newer windows", "This browser shows the stream in four windows at a time. Click here to see it in this one."],
  };
  const chips = { connecting: "Connecting", waiting: "Waiting", live: paused ? "Paused" : "Live", stalled: "No frames", reconnecting: "Reconnecting", yielded: "Not connected" };
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
  labels = new Map(model.labels.filter((label) => label !== model.unknown).map((label, place) => [label, place]));
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
  if (paused) picture.abort();
  byId("pause").setAttribute("aria-pressed", String(paused));
  byId("pause").lastChild.textContent = paused ? "Continue" : "Pause";
  showState(body.dataset.state);
  if (!paused && latest && latest.observation) showAnswer(latest.observation);
  picture.next();
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
connection.open();
