// Results change in place while somebody types or ticks; each state is the address that the page would have anyway.

const PAUSE = 300; // ms without a key before the results follow
const LINKS = "link:is([rel=canonical], [rel=alternate], [rel=prev], [rel=next]), meta[name=robots]";
const TOLD = 700; // ms after which the number of results is said: not while somebody is still typing

export function start(box, page) {
  const form = document.querySelector("#search-form");
  const main = document.querySelector("#page-main");
  const filters = document.querySelector("#page-filters");
  const status = document.createElement("p");
  status.className = "hidden";
  status.setAttribute("role", "status");
  page.append(status);

  let shown = address();
  let asked = null; // the answer that is awaited; an older one is never shown
  let timer = 0;
  let telling = 0;
  let typing = false; // one burst of typing is one step of the history

  function address() {
    const pairs = [...new FormData(form)].filter(([name, value]) => value.trim() && name !== "page");
    const query = new URLSearchParams(pairs).toString();
    return query ? `/search?${query}` : "/search";
  }

  async function load(url) {
    asked?.abort();
    const controller = (asked = new AbortController());
    page.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(url, { signal: controller.signal, headers: { Accept: "text/html" } });
      const text = await answer.text();
      if (asked !== controller || controller.signal.aborted) return false;
      if (!answer.ok) return location.assign(url), false;
      show(new DOMParser().parseFromString(text, "text/html"));
      return true;
    } catch (error) {
      if (error.name !== "AbortError") location.assign(url); // the browser says what is wrong
      return false;
    } finally {
      if (asked === controller) page.removeAttribute("aria-busy");
    }
  }

  function show(next) {
    const held = document.activeElement;
    const key = filters.contains(held) && held.name ? [held.name, held.value] : null;
    const opened = [...filters.querySelectorAll("details")].map((details) => details.open);
    const inMain = main.contains(held);
    main.replaceChildren(...next.querySelector("#page-main").childNodes);
    filters.replaceChildren(...next.querySelector("#page-filters").childNodes);
    filters.querySelectorAll("details").forEach((details, i) => (details.open ||= Boolean(opened[i])));
    for (const input of form.querySelectorAll("input[type=hidden]")) input.remove();
    form.append(...next.querySelectorAll("#search-form > input[type=hidden]"));
    document.title = next.title;
    for (const link of document.head.querySelectorAll(LINKS)) link.remove();
    document.head.append(...next.head.querySelectorAll(LINKS));
    if (key) {
      const same = [...filters.querySelectorAll("input")].find((i) => i.name === key[0] && i.value === key[1]);
      same?.closest("details:not([open])")?.setAttribute("open", "");
      (same || filters.querySelector("summary"))?.focus({ preventScroll: true });
    } else if (inMain) {
      main.focus({ preventScroll: true });
    }
    clearTimeout(telling);
    telling = setTimeout(() => (status.textContent = main.querySelector("h1").textContent), TOLD);
  }

  async function follow(replace) {
    clearTimeout(timer);
    const url = address();
    if (url === shown) return;
    if (await load(url)) {
      shown = url;
      history[replace ? "replaceState" : "pushState"]({}, "", url);
    }
  }

  box.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const again = typing;
      typing = true;
      await follow(again);
    }, PAUSE);
  });
  box.addEventListener("blur", () => (typing = false));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    typing = false;
    follow(false);
  });
  page.addEventListener("change", (event) => {
    if (filters.contains(event.target)) {
      typing = false;
      follow(false);
    }
  });
  addEventListener("popstate", async () => {
    clearTimeout(timer);
    typing = false;
    if (location.pathname !== "/search") return;
    if (await load(location.href)) {
      box.value = new URLSearchParams(location.search).get("q") || "";
      shown = address();
    }
  });
}
