// A list of labels with their scores, each as a bar in the colour of its label.
import { percent } from "./timeline.js";

// `scores` are {label, score}, the best first; the row of the label `steady` is emphasised.
export function showBars(list, scores, steady, colourOf) {
  while (list.children.length > scores.length) list.lastChild.remove();
  while (list.children.length < scores.length) list.append(newBar());
  scores.forEach(({ label, score }, place) => {
    const row = list.children[place];
    const [name, value, track] = row.children;
    name.textContent = label;
    name.title = label;
    value.textContent = percent(score);
    row.className = label === steady ? "steady" : "";
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
