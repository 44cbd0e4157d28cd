// What the figures say of all classes: how often the model is right, what to show more of, what is mixed up.
import { byId, element, fillList, setText } from "./dom.js";
import { pictureButton, showPicture } from "./photo.js";
import { onSession } from "./session.js";
import { count, interval, rightText } from "./words.js";

const MOST_PHOTOS = 6; // of each pair of classes

onSession(({ figures }) => {
  const { right } = figures;
  setText(byId("right"), right ? `${rightText(right)} are named correctly` : "");
  byId("right").classList.toggle("known", Boolean(right));
  byId("right").style.setProperty("--share", right ? right.share : 0);
  setText(byId("worth"), figures.worth || "Not enough to say yet.");
  byId("worth").title = right ? interval(right) : "";
  fillList(byId("advice"), figures.advice, () => element("li"), setText);
  fillList(byId("mixed"), figures.mixed, newMix, showMix);
  byId("doubtful").hidden = figures.doubtful.length === 0;
  setText(byId("doubtful-link"), `${count(figures.doubtful.length, "photo is", "photos are")} perhaps in the wrong class`);
});

function newMix() {
  return element("li", {}, element("span"), element("span", { class: "pictures" }));
}

function showMix(item, { class: label, taken_for: other, count: number, photos }) {
  const [text, pictures] = item.children;
  setText(text, `${label} taken for ${other}: ${number}`);
  fillList(pictures, photos.slice(0, MOST_PHOTOS), pictureButton, (button, id) => {
    showPicture(button, id);
    button.setAttribute("aria-label", `${label} taken for ${other}`);
  });
}
