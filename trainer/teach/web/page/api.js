// Requests to the session. An answer that is an error has one line for the user.
export class RequestError extends Error {
  constructor(status, line) {
    super(line);
    this.status = status;
  }
}

// `body`: a Blob as it is, any other value as JSON. Returns the value of the answer.
export async function request(method, path, body, options = {}) {
  const file = body instanceof Blob;
  const headers = body === undefined || file ? {} : { "Content-Type": "application/json" };
  const content = body === undefined || file ? body : JSON.stringify(body);
  let answer;
  try {
    answer = await fetch(path, { method, headers, body: content, ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new RequestError(0, "The session does not answer. Nothing was changed.");
  }
  if (answer.status === 401) location.reload(); // the form for the token comes instead
  const value = await answer.json().catch(() => null);
  if (!answer.ok) throw new RequestError(answer.status, (value && value.error) || `The session answered ${answer.status} ${answer.statusText}.`);
  return value;
}

const part = encodeURIComponent;
export const thumbnailOf = (id) => `api/photos/${part(id)}/thumbnail.jpg`;
export const pictureOf = (id) => `api/photos/${part(id)}/picture.jpg`;

export const api = {
  photos: (query, signal) => request("GET", `api/photos?${new URLSearchParams(query)}`, undefined, { signal }),
  photo: (id, signal) => request("GET", `api/photos/${part(id)}`, undefined, { signal }),
  add: (file, label) => request("POST", `api/photos?${new URLSearchParams({ class: label, name: file.name })}`, file),
  assign: (photos, label) => request("POST", "api/photos/assign", { photos, class: label }),
  remove: (photos) => request("POST", "api/photos/delete", { photos }),
  addClass: (name) => request("PUT", `api/classes/${part(name)}`),
  renameClass: (name, to) => request("POST", `api/classes/${part(name)}/rename`, { to }),
  mergeClass: (name, into) => request("POST", `api/classes/${part(name)}/merge`, { into }),
  deleteClass: (name) => request("DELETE", `api/classes/${part(name)}`),
  undo: (action) => request("POST", "api/undo", { action }),
  redo: (action) => request("POST", "api/redo", { action }),
  emptyTrash: () => request("POST", "api/trash/empty"),
  record: (label, hold) => request("PUT", "api/recording", { class: label, hold }),
  stopRecording: (hold) => request("DELETE", `api/recording?${new URLSearchParams({ hold })}`, undefined, { keepalive: true }),
  save: () => request("POST", "api/model/save"),
  back: () => request("POST", "api/model/back"),
};
