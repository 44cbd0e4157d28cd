// Handing over: the model file and the device's store, the photos as a zip, and the trash.
import { api } from "./api.js";
import { byId, element, setText } from "./dom.js";
import { ask } from "./question.js";
import { showReview } from "./review.js";
import { onSession, session } from "./session.js";
import { showError } from "./toast.js";
import { count, share, size } from "./words.js";

const STATES = { none: "Not saved yet", saving: "Working …", saved: "Saved", installed: "Installed, being tried", running: "Running", returned: "The model before runs again", refused: "Refused" };

onSession(({ model, classes, trash, backbone }) => {
  const busy = model.state === "saving" || model.state === "installed";
  const taught = classes.filter((one) => one.photos || one.remembered).length;
  setText(byId("model-state"), STATES[model.state]);
  byId("model-state").dataset.state = model.state;
  setText(byId("model-text"), model.state === "none" ? "" : model.text);
  byId("save").disabled = busy || taught < 2;
  byId("save").title = taught < 2 ? "Teach two classes first" : "";
  byId("back").disabled = busy || !model.can_go_back;
  byId("download-model").hidden = !model.file;
  const facts = [["Backbone", `${backbone.architecture}, ${backbone.quantization}`]];
  if (model.file) {
    facts.push(["File", `${model.file.name}, ${size(model.file.size_bytes)}`]);
    if (model.file.accuracy !== null) facts.push(["Accuracy", share(model.file.accuracy)]);
  }
  facts.push(["Store", model.store || "none: the model is a file only"]);
  const rows = facts.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]);
  byId("model-facts").replaceChildren(...rows);
  const number = classes.reduce((sum, one) => sum + one.photos, 0);
  setText(byId("photos-facts"), `${count(number, "photo")} in ${count(classes.length, "class", "classes")}`);
  setText(byId("trash-facts"), trash.photos ? `${count(trash.photos, "deleted photo")}, ${size(trash.bytes)}` : "There are no deleted photos.");
  byId("empty-trash").disabled = !trash.photos;
});

const act = (send) => () => send().catch(showError);
byId("save").addEventListener("click", act(api.save));
byId("back").addEventListener("click", act(api.back));
byId("show-trash").addEventListener("click", () => showReview({ where: "trash" }));
byId("empty-trash").addEventListener("click", () => {
  const text = `${count(session.value.trash.photos, "photo")} will be removed for good.`;
  ask("Empty the trash?", [element("p", {}, text)], "Empty", api.emptyTrash);
});
