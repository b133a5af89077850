// What scripts add to every page: suggestions, the "/" key, results in place, marks. Pages are complete without it.
import { combobox } from "./combobox.js";
import { isOff, offer } from "./keys.js";

const box = document.querySelector("#search-box");
const results = document.querySelector(".results-page");

if (box) {
  combobox(box);
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || isOff(event)) return;
    event.preventDefault();
    box.focus();
    box.select();
  });
}
if (results) import("./results.js").then((module) => module.start(box, results));
if (document.querySelector(".profile-page")) import("./profile.js").then((module) => module.start());
const switches = document.querySelector("#help-switches");
if (switches) offer(switches);
