// The page to try the API: it sends pictures to /label, as any other program would.

const KEPT = 50; // answers on the page
const state = document.getElementById("state");
const answers = document.getElementById("answers");
const model = document.getElementById("model");
const form = document.getElementById("send");

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

async function listModels() {
  const answer = await fetch("models");
  if (!answer.ok) throw new Error((await answer.json()).error);
  model.replaceChildren(...(await answer.json()).map((one) => element("option", one.name)));
}

// Drawn, not loaded: the page may load pictures of this server only.
async function draw(canvas, file) {
  const picture = await createImageBitmap(file);
  const scale = Math.min(canvas.width / picture.width, canvas.height / picture.height);
  const [width, height] = [picture.width * scale, picture.height * scale];
  const [left, top] = [(canvas.width - width) / 2, (canvas.height - height) / 2];
  canvas.getContext("2d").drawImage(picture, left, top, width, height);
  picture.close();
}

function bars(answer) {
  const list = element("ol", undefined, "bars");
  answer.labels.forEach((label, place) => {
    const row = element("li");
    const track = element("span", undefined, "track");
    const fill = element("span", undefined, "fill");
    fill.style.display = "block";
    fill.style.setProperty("--colour", `var(--c${place % 8})`);
    fill.style.transform = `scaleX(${answer.scores[place]})`;
    track.append(fill);
    track.setAttribute("aria-hidden", "true");
    const score = `${(100 * answer.scores[place]).toFixed(1)} %`;
    row.append(element("span", label, "name"), element("span", score, "value"), track);
    list.append(row);
  });
  return list;
}

function show(file, answer) {
  const row = element("li");
  const canvas = element("canvas");
  [canvas.width, canvas.height] = [192, 144];
  canvas.setAttribute("aria-hidden", "true");
  draw(canvas, file).catch(() => {}); // a format that this browser does not know, such as HEIC
  const text = element("div");
  if (answer.error !== undefined) {
    text.append(element("h3", "No label"), element("p", answer.error, "trouble"));
  } else {
    const title = answer.label ?? answer.labels[0] ?? "unknown";
    text.append(element("h3", title), bars(answer));
  }
  text.append(element("p", file.name, "path"));
  row.append(canvas, text);
  answers.prepend(row);
  while (answers.children.length > KEPT) answers.lastChild.remove();
}

async function send(file) {
  const query = new URLSearchParams({ model: model.value, name: file.name });
  const headers = { "Content-Type": "application/octet-stream" };
  const answer = await fetch(`label?${query}`, { method: "POST", body: file, headers });
  return answer.json();
}

async function sendAll(input) {
  const files = [...input.files];
  let done = 0;
  for (const file of files) {
    state.textContent = `Sending ${file.name} (${done + 1} of ${files.length})`;
    try {
      show(file, await send(file));
    } catch (error) {
      show(file, { error: `no answer (${error.message})` });
    }
    done += 1;
  }
  state.textContent = done === 1 ? "One picture was answered." : `${done} pictures were answered.`;
  input.value = ""; // so that the same picture can be chosen again
}

for (const input of form.querySelectorAll("input")) {
  input.addEventListener("change", () => sendAll(input));
}
form.addEventListener("submit", (event) => event.preventDefault());
listModels().catch((error) => {
  state.textContent = `The server does not answer (${error.message}). Load the page again.`;
});
