// The model card and the counters: pairs of name and value, all of them text.
import { duration, percent } from "./timeline.js";

export function showModel(model) {
  const quality = model.accuracy === null ? null : `${percent(model.accuracy)}${model.test_photos ? ` on ${model.test_photos} test photos` : ""}`;
  const names = model.labels.slice(0, 12).join(", ") + (model.labels.length > 12 ? ", …" : "");
  showDetails("model", [
    ["File", model.name],
    ["Architecture", model.architecture],
    ["Quantization", model.quantization],
    ["Accuracy", quality],
    ["Labels", model.labels.length ? `${model.labels.length}: ${names}` : "none yet"],
    ["Input", `${model.input_size[0]} × ${model.input_size[1]} pixels`],
    ["Size", `${(model.size_bytes / 1e6).toFixed(2)} MB`],
    ["sha256", model.sha256.slice(0, 12)],
    ["Runtime", model.runtime],
  ]);
}

export function showCounts({ counts, running_s: running }) {
  const bySink = (sinks) => Object.entries(sinks).map(([sink, count]) => `${sink} ${count}`).join(", ") || "0";
  const number = (count) => count.toLocaleString("en");
  showDetails("counts", [
    ["Running for", duration(running)],
    ["Frames labelled", number(counts.frames_labelled)],
    ["Frames grabbed", number(counts.frames_grabbed)],
    ["Dropped as too old", number(counts.frames_stale), counts.frames_stale],
    ["Reconnects", number(counts.reconnects), counts.reconnects],
    ["Source errors", number(counts.source_errors), counts.source_errors],
    ["Dropped by sinks", bySink(counts.sink_dropped), Object.keys(counts.sink_dropped).length],
    ["Errors of sinks", bySink(counts.sink_errors), Object.keys(counts.sink_errors).length],
    ["Model replaced", `${counts.model_swaps}, refused ${counts.model_refusals}`, counts.model_refusals],
  ]);
}

function showDetails(id, rows) {
  const list = document.getElementById(id);
  const known = rows.filter(([, value]) => value !== null && value !== undefined);
  if (list.children.length !== 2 * known.length) {
    list.replaceChildren(...known.flatMap(() => [document.createElement("dt"), document.createElement("dd")]));
  }
  known.forEach(([name, value, trouble], place) => {
    const [term, text] = [list.children[2 * place], list.children[2 * place + 1]];
    if (term.textContent !== name) term.textContent = name;
    if (text.textContent !== value) text.textContent = value;
    text.className = trouble ? "trouble" : "";
  });
}
