// Numbers as text.
export function share(part) {
  return `${Math.round(100 * part)} %`;
}

export function count(number, one, many = `${one}s`) {
  return `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
}

export function size(bytes) {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

// What is known of a class or of all classes; `right` is null if there are too few independent photos to say.
export function rightText(right) {
  return right ? `${share(right.share)} of ${right.independent}` : "not enough to say";
}

export function interval(right) {
  return `between ${share(right.low)} and ${share(right.high)}`;
}
