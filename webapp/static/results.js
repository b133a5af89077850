// Results change in place while somebody types or ticks; each state is the address that the page would have anyway.

import { make } from "./make.js";

const PAUSE = 300; // ms without a key before the results follow
const TOLD = 700; // ms after which the number of results is said: not while somebody is still typing
const LINKS = "link:is([rel=canonical], [rel=alternate], [rel=prev], [rel=next]), meta[name=robots]";
const KEPT = ["in", "specialty", "hiring", "service", "verified", "sort"]; // when the words of a search change

export function start(box, page) {
  const form = document.querySelector("#search-form");
  const main = document.querySelector("#page-main");
  const filters = document.querySelector("#page-filters");
  const status = make("p", { class: "hidden", role: "status" });
  page.append(status);

  const here = () => location.pathname + location.search;
  let shown = here();
  let asked = null; // the answer that is awaited; an older one is never shown
  let timer = 0;
  let telling = 0;
  let burst = {}; // what is typed in one go is one step of the history

  function address() {
    const pairs = [...new FormData(form)].filter(([name, value]) => value.trim() && name !== "page");
    const query = new URLSearchParams(pairs).toString();
    return query ? `/search?${query}` : "/search";
  }

  const choice = (name, value) =>
    [...filters.querySelectorAll("input")].find((input) => input.name === name && input.value === value);

  function clear() {
    for (const input of form.querySelectorAll("input[type=hidden]")) input.remove();
  }

  function fill(query) {
    box.value = query.get("q") || "";
    clear();
    for (const input of filters.querySelectorAll("input")) {
      input.checked = query.getAll(input.name).includes(input.value);
    }
    for (const [name, value] of query) {
      if (KEPT.includes(name) && !choice(name, value)) form.append(make("input", { type: "hidden", name, value }));
    }
  }

  function stop() {
    clearTimeout(timer);
    clearTimeout(telling);
    asked?.abort();
    asked = null;
    page.removeAttribute("aria-busy");
  }

  async function load(url) {
    stop();
    const controller = (asked = new AbortController());
    page.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(url, { signal: controller.signal, headers: { Accept: "text/html" } });
      const text = await answer.text();
      if (asked !== controller) return false;
      if (!answer.ok) throw new Error(answer.statusText);
      show(new DOMParser().parseFromString(text, "text/html"));
      stop();
      telling = setTimeout(() => (status.textContent = main.querySelector("h1").textContent), TOLD);
      return true;
    } catch {
      if (asked !== controller) return false;
      stop();
      fail(url);
      return false;
    }
  }

  function fail(url) {
    main.querySelector(".failed")?.remove();
    const said = "These are the results from before: the new ones did not arrive. ";
    main.prepend(make("p", { class: "note failed", role: "alert" }, said));
    main.firstChild.append(make("a", { href: url }, "Try again"));
  }

  function show(next) {
    const held = document.activeElement;
    const fold = (details) => details.closest("fieldset")?.querySelector("legend").textContent;
    const opened = [...filters.querySelectorAll("details[open]")].map(fold);
    const [inMain, inFilters] = [main.contains(held), filters.contains(held)];
    const picked = [...main.querySelectorAll("[name=company]:checked")].map((input) => input.value);
    main.replaceChildren(...next.querySelector("#page-main").childNodes);
    filters.replaceChildren(...next.querySelector("#page-filters").childNodes);
    filters.querySelectorAll("details").forEach((details) => (details.open ||= opened.includes(fold(details))));
    main.querySelectorAll("[name=company]").forEach((input) => (input.checked = picked.includes(input.value)));
    clear();
    form.append(...next.querySelectorAll("#search-form > input[type=hidden]"));
    document.title = next.title;
    for (const link of document.head.querySelectorAll(LINKS)) link.remove();
    document.head.append(...next.head.querySelectorAll(LINKS));
    if (inFilters) {
      const same = choice(held.name, held.value);
      same?.closest("details:not([open])")?.setAttribute("open", "");
      (same || filters.querySelector("summary") || main).focus({ preventScroll: true });
    } else if (inMain) {
      main.focus({ preventScroll: true });
    }
  }

  async function follow(url, step) {
    if (!(await load(url))) return;
    history[step.taken || url === here() ? "replaceState" : "pushState"]({}, "", url);
    step.taken = true;
    shown = url;
  }

  function act() {
    burst = {};
    follow(address(), {});
  }

  box.addEventListener("input", () => {
    stop();
    const url = address(); // now: later an arrow key may have put a suggestion into the box
    const step = burst;
    if (url !== shown) timer = setTimeout(() => follow(url, step), PAUSE);
  });
  box.addEventListener("blur", () => (burst = {}));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    act();
  });
  page.addEventListener("change", (event) => {
    if (filters.contains(event.target)) act();
  });
  addEventListener("popstate", async () => {
    const url = here();
    burst = {};
    if (url === shown) return; // only the fragment is another one
    shown = "";
    fill(new URLSearchParams(location.search)); // also for those who do not wait for the page
    if (await load(url)) shown = url;
  });
}
