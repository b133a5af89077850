// Keys without Ctrl or Alt: what they do must not happen to those who type or dictate, or who have turned them off.

import { make } from "./make.js";

const NAME = "keys";
const TEXT = "input:not([type=checkbox]), textarea, select, [contenteditable]";

let off = false; // where the browser keeps nothing
try {
  off = localStorage.getItem(NAME) === "off";
} catch {}

export function isOff(event) {
  return event.ctrlKey || event.metaKey || event.altKey || event.target.closest(TEXT) || off;
}

function turn() {
  off = !off;
  try {
    localStorage.setItem(NAME, off ? "off" : "on");
  } catch {}
}

export function offer(place) {
  const button = make("button", { type: "button", class: "second small" });
  const label = () => (button.textContent = `Turn the keys / n p ${off ? "on" : "off"}`);
  button.addEventListener("click", () => {
    turn();
    label();
  });
  label();
  place.append(button);
}
