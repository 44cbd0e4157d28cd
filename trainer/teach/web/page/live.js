// The live picture with its label, and the connection from which all of the page's news come.
import { showBars } from "./bars.js";
import { Connection } from "./connection.js";
import { byId, setText } from "./dom.js";
import { LivePicture } from "./live_picture.js";
import { colourOf, onSession, receiveSession, session } from "./session.js";
import { duration, percent } from "./timeline.js";

const body = document.body;
const canvas = byId("picture");
let latest = null; // the newest event "now" of the server
let latestAt = 0; // the time when it came

const picture = new LivePicture(
  canvas,
  byId("stage"),
  () => body.dataset.view === "teach" && ["live", "stalled"].includes(body.dataset.state),
  () => latest.observation,
);
const connection = new Connection(
  { session: receiveSession, now: showNow },
  () => showState(connection.wasConnected ? "reconnecting" : "connecting"),
  () => showState("yielded"),
);
setInterval(() => body.dataset.state === "reconnecting" && showState("reconnecting"), 500);

export function startLive() {
  connection.open();
}

function showNow(now) {
  latest = now;
  latestAt = performance.now();
  showState(now.state);
  const observation = now.observation;
  if (!observation) return;
  showAnswer(observation);
  picture.next();
}

function showAnswer({ label, score, categories }) {
  const taught = categories.length > 0;
  const best = categories[0];
  const name = taught ? label : "nothing learnt yet";
  const sure = !taught ? "" : label === best.label || session.value?.classes.some((one) => one.name === label) ? percent(score) : `best: ${best.label}, ${percent(best.score)}`;
  byId("label").setAttribute("aria-live", session.value?.recording ? "off" : "polite"); // the user knows what is recorded
  setText(byId("label"), name);
  setText(byId("score"), sure);
  setText(byId("caption-label"), taught ? label : "");
  setText(byId("caption-score"), sure);
  canvas.setAttribute("aria-label", taught ? `Live picture: ${label}` : "Live picture");
  body.toggleAttribute("data-taught", taught);
  showBars(byId("bars"), categories, label, colourOf);
}

function showState(state) {
  body.dataset.state = state;
  const silent = latest ? latest.silent_s + (performance.now() - latestAt) / 1000 : 0;
  const notices = {
    connecting: ["Connecting", "If this takes long, trainer teach is not running, or too many pages are open."],
    waiting: ["Waiting for the first frame", `for ${duration(silent)}; a camera needs a few seconds to start. Photos from files can be added now.`],
    stalled: [`No frame for ${duration(silent)}`, "This is the last picture. The camera is tried again; review and learning go on."],
    reconnecting: ["Reconnecting", "trainer teach does not answer. Nothing is lost: photos are on the disk before they count."],
    yielded: ["Shown in newer windows", "This browser shows the session in four windows at a time. Click here to see it in this one."],
  };
  const chips = { connecting: "Connecting", waiting: "Waiting", live: "Live", stalled: "No frames", reconnecting: "Reconnecting", yielded: "Not connected" };
  setText(byId("state-text"), chips[state]);
  setText(byId("answer-title"), state === "live" || !latest?.observation ? "Label" : "Last label");
  const notice = notices[state];
  body.toggleAttribute("data-notice", Boolean(notice));
  if (notice) {
    setText(byId("notice-title"), notice[0]);
    setText(byId("notice-text"), notice[1]);
  }
}

onSession(({ learning, classes }) => {
  const more = classes.filter((one) => one.photos || one.remembered).length;
  const texts = {
    "too few": more ? "Show one class more, and the model begins to answer." : "Show two classes, and the model begins to answer.",
    learning: "Learning …",
    ready: learning.seconds === null ? "" : `Learnt in ${learning.seconds.toFixed(2)} s${learning.thorough ? "" : "; settings are being chosen"}`,
  };
  setText(byId("learning"), texts[learning.state]);
});
