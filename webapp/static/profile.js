// On a profile: step through the marked words, switch them off, copy the link of a section, show where we are.

import { isOff } from "./keys.js";
import { make } from "./make.js";

export function start() {
  marks();
  anchors();
  contents();
}

function button(text, attributes, act) {
  const made = make("button", { type: "button", class: "second small", ...attributes }, text);
  made.addEventListener("click", act);
  return made;
}

function marks() {
  const bar = document.querySelector("#page-marks");
  const all = []; // the marks of each match: more than one where a tag parts it
  for (const mark of document.querySelectorAll(".text mark")) {
    if (mark.className) all.at(-1).push(mark);
    else all.push([mark]);
  }
  if (!bar || !all.length) return;
  const where = make("span", { role: "status" });
  let current = -1;

  function nearest(step) {
    const ahead = all.findIndex(([mark]) => mark.getBoundingClientRect().top > bar.offsetHeight);
    return step > 0 ? Math.max(ahead, 0) : (ahead < 0 ? all.length : ahead) - 1;
  }

  const show = (on) => all[current]?.forEach((mark) => mark.classList.toggle("current", on));

  function go(step) {
    show(false);
    current = ((current < 0 ? nearest(step) : current + step) + all.length) % all.length;
    show(true);
    all[current][0].scrollIntoView({ block: "center" });
    where.textContent = `${current + 1} of ${all.length}`;
  }
  const steps = [
    button("←", { "aria-label": "Previous marked word" }, () => go(-1)),
    button("→", { "aria-label": "Next marked word" }, () => go(1)),
  ];
  const off = button("Turn marks off", {}, () => {
    const hidden = document.body.classList.toggle("marks-off");
    off.textContent = hidden ? "Turn marks on" : "Turn marks off";
    steps.forEach((step) => (step.hidden = hidden));
    where.hidden = hidden;
  });
  bar.replaceChildren(...steps, where, off);
  document.addEventListener("keydown", (event) => {
    if (isOff(event) || document.body.classList.contains("marks-off")) return;
    if (event.key === "n") go(1);
    if (event.key === "p") go(-1);
  });
}

function anchors() {
  if (!navigator.clipboard) return;
  const told = make("span", { class: "copied", role: "status" });
  for (const link of document.querySelectorAll(".anchor")) {
    link.firstElementChild.textContent = link.firstElementChild.textContent.replace("Link to", "Copy the link to");
    link.addEventListener("click", async () => {
      link.after(told);
      try {
        await navigator.clipboard.writeText(location.origin + location.pathname + link.hash);
        told.textContent = "Link copied";
      } catch {
        told.textContent = ""; // the address bar has it
      }
    });
  }
}

function contents() {
  const links = new Map([...document.querySelectorAll(".toc a")].map((link) => [link.hash.slice(1), link]));
  const watch = new IntersectionObserver((entries) => {
    const seen = entries.find((entry) => entry.isIntersecting);
    if (!seen) return;
    for (const link of links.values()) link.removeAttribute("aria-current");
    links.get(seen.target.id)?.setAttribute("aria-current", "true");
  }, { rootMargin: "-10% 0px -75% 0px" });
  for (const section of document.querySelectorAll("main > section[id]")) watch.observe(section);
}
