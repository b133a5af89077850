// Keys without Ctrl or Alt: what they do must not happen to those who type or dictate, or who have turned them off.

const NAME = "keys";
const TEXT = "input:not([type=checkbox]), textarea, select, [contenteditable]";

export function isOff(event) {
  return event.ctrlKey || event.metaKey || event.altKey || event.target.closest(TEXT) || turnedOff();
}

function turnedOff() {
  try {
    return localStorage.getItem(NAME) === "off";
  } catch {
    return false; // a browser that keeps nothing
  }
}

export function offer(place) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "second small";
  const label = () => (button.textContent = `Turn the keys / n p ${turnedOff() ? "on" : "off"}`);
  button.addEventListener("click", () => {
    localStorage.setItem(NAME, turnedOff() ? "on" : "off");
    label();
  });
  label();
  place.append(button);
}
