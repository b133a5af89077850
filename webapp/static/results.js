// Results change in place while somebody types or ticks; each state is the address that the page would have anyway.

const PAUSE = 300; // ms without a key before the results follow
const TOLD = 700; // ms after which the number of results is said: not while somebody is still typing
const LINKS = "link:is([rel=canonical], [rel=alternate], [rel=prev], [rel=next]), meta[name=robots]";

export function start(box, page) {
  const form = document.querySelector("#search-form");
  const main = document.querySelector("#page-main");
  const filters = document.querySelector("#page-filters");
  const status = document.createElement("p");
  status.className = "hidden";
  status.setAttribute("role", "status");
  page.append(status);

  let shown = location.pathname + location.search;
  let asked = null; // the answer that is awaited; an older one is never shown
  let timer = 0;
  let telling = 0;
  let burst = {}; // what is typed in one go is one step of the history

  function address() {
    const pairs = [...new FormData(form)].filter(([name, value]) => value.trim() && name !== "page");
    const query = new URLSearchParams(pairs).toString();
    return query ? `/search?${query}` : "/search";
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
    const note = document.createElement("p");
    note.className = "note failed";
    note.setAttribute("role", "alert");
    const again = document.createElement("a");
    again.href = url;
    again.textContent = "Try again";
    note.append("These are the results from before: the new ones did not arrive. ", again);
    main.prepend(note);
  }

  function show(next) {
    const held = document.activeElement;
    const key = filters.contains(held) && held.name ? [held.name, held.value] : null;
    const fold = (details) => details.closest("fieldset")?.querySelector("legend").textContent;
    const opened = [...filters.querySelectorAll("details[open]")].map(fold);
    const [inMain, inFilters] = [main.contains(held), filters.contains(held)];
    const picked = [...main.querySelectorAll("[name=company]:checked")].map((input) => input.value);
    main.replaceChildren(...next.querySelector("#page-main").childNodes);
    filters.replaceChildren(...next.querySelector("#page-filters").childNodes);
    filters.querySelectorAll("details").forEach((details) => (details.open ||= opened.includes(fold(details))));
    main.querySelectorAll("[name=company]").forEach((input) => (input.checked = picked.includes(input.value)));
    for (const input of form.querySelectorAll("input[type=hidden]")) input.remove();
    form.append(...next.querySelectorAll("#search-form > input[type=hidden]"));
    document.title = next.title;
    for (const link of document.head.querySelectorAll(LINKS)) link.remove();
    document.head.append(...next.head.querySelectorAll(LINKS));
    if (inFilters) {
      const same = [...filters.querySelectorAll("input")].find((i) => i.name === key?.[0] && i.value === key[1]);
      same?.closest("details:not([open])")?.setAttribute("open", "");
      (same || filters.querySelector("summary") || main).focus({ preventScroll: true });
    } else if (inMain) {
      main.focus({ preventScroll: true });
    }
  }

  async function follow(url, step) {
    if (!(await load(url))) return;
    history[step.taken || url === location.pathname + location.search ? "replaceState" : "pushState"]({}, "", url);
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
    const here = location.pathname + location.search;
    burst = {};
    if (here === shown) return; // only the fragment is another one
    shown = "";
    box.value = new URLSearchParams(location.search).get("q") || "";
    if (await load(here)) shown = here;
  });
}
