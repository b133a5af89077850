// What scripts add to every page: suggestions, the "/" key, results in place, marks. Pages are complete without it.
import { combobox } from "./combobox.js";

const box = document.querySelector("#search-box");
const results = document.querySelector(".results-page");

if (box) {
  combobox(box);
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, textarea, select, [contenteditable]")) return;
    event.preventDefault();
    box.focus();
    box.select();
  });
}
if (results) import("./results.js").then((module) => module.start(box, results));
if (document.querySelector(".profile-page")) import("./profile.js").then((module) => module.start());
