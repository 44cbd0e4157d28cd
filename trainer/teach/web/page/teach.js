// The page of a teaching session: its parts, and which of its views is shown.
import "./columns.js";
import "./hand_over.js";
import "./keyboard.js";
import "./knowledge.js";
import "./news.js";
import { byId } from "./dom.js";
import { startLive } from "./live.js";
import { showReview } from "./review.js";
import { stopRecording } from "./record.js";

const VIEWS = ["teach", "review", "hand-over"];

function showView() {
  const wanted = location.hash.slice(1);
  const view = VIEWS.includes(wanted) ? wanted : VIEWS[0];
  stopRecording();
  document.body.dataset.view = view;
  for (const name of VIEWS) byId(`${name}-view`).hidden = name !== view;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.hash === `#${view}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = `${{ teach: "Teach", review: "Review", "hand-over": "Hand over" }[view]} – Edge for Poets`;
  dispatchEvent(new Event("view"));
}

addEventListener("hashchange", showView);
byId("doubtful-link").addEventListener("click", () => showReview({ what: "doubtful", first: "doubtful" }));

// The token is now a cookie: remove it from the address bar and the history.
if (location.search) history.replaceState(null, "", location.pathname + location.hash);
showView();
startLive();
