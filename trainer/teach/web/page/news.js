// Lines of the session for the user, and work that takes a while.
import { byId, element, fillList, setText } from "./dom.js";
import { onSession } from "./session.js";
import { toast } from "./toast.js";

let seenUntil = null; // the time of the newest line that was there when the page was opened, or shown since

onSession(({ messages, work }) => {
  const newest = messages.length ? messages[messages.length - 1].time_s : 0;
  if (seenUntil !== null) for (const { time_s: time, text } of messages) if (time > seenUntil) toast(text);
  seenUntil = Math.max(newest, seenUntil ?? 0);
  byId("messages").hidden = messages.length === 0;
  fillList(byId("message-list"), [...messages].reverse(), newMessage, (item, { time_s: time, text }) => {
    setText(item.firstChild, new Date(1000 * time).toLocaleTimeString("en-GB"));
    setText(item.lastChild, text);
  });
  fillList(byId("work"), work, newWork, (item, { title, done, total }) => {
    const [name, bar, number] = item.children;
    setText(name, title);
    bar.setAttribute("aria-label", title);
    if (total === null) bar.removeAttribute("value");
    else Object.assign(bar, { max: Math.max(total, 1), value: done });
    setText(number, total === null ? String(done) : `${done} of ${total}`);
  });
});

const newMessage = () => element("li", {}, element("time"), element("span"));
const newWork = () => element("li", {}, element("span"), element("progress"), element("span", { class: "number" }));
