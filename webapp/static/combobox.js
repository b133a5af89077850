// A combobox after the WAI-ARIA pattern "editable combobox with list autocomplete".

import { make } from "./make.js";

const PAUSE = 90; // ms without a key before suggestions are asked for

export function combobox(input) {
  const named = { id: "search-options", class: "options", role: "listbox", "aria-label": "Suggestions" };
  const list = make("ul", { ...named, hidden: "" });
  input.after(list);
  const attributes = { role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id };
  for (const [name, value] of Object.entries(attributes)) input.setAttribute(name, value);

  let typed = input.value; // what the person wrote, while the arrow keys show suggestions in the box
  let active = -1;
  let timer = 0;
  let asked = null; // the request on its way; an older one is given up

  const options = () => [...list.children];
  const open = () => !list.hidden;

  function drop() {
    clearTimeout(timer);
    asked?.abort();
  }

  function mark(index) {
    active = index;
    options().forEach((option, i) => option.setAttribute("aria-selected", i === index));
    if (index < 0) input.removeAttribute("aria-activedescendant");
    else input.setAttribute("aria-activedescendant", options()[index].id);
  }

  function unfold(on) {
    list.hidden = !on;
    input.setAttribute("aria-expanded", on);
  }

  function close() {
    drop();
    mark(-1);
    unfold(false);
  }

  function activate(index) {
    drop();
    mark(index);
    const option = options()[index];
    input.value = option ? option.dataset.text : typed;
    option?.scrollIntoView({ block: "nearest" });
  }

  function take(option) {
    close();
    if (option.dataset.url) {
      location.assign(option.dataset.url);
    } else {
      typed = input.value = option.dataset.text;
      input.form.requestSubmit();
    }
  }

  function show([text, texts, kinds, urls]) {
    if (text !== input.value.trim() || document.activeElement !== input) return;
    list.replaceChildren(...texts.map((suggestion, i) => {
      const data = { "data-text": suggestion, "data-url": urls[i] };
      const option = make("li", { id: `search-option-${i}`, role: "option", ...data }, suggestion);
      if (kinds[i]) option.append(" ", make("small", {}, kinds[i]));
      return option;
    }));
    mark(-1);
    unfold(texts.length > 0);
  }

  async function ask() {
    asked?.abort();
    const text = input.value.trim();
    if (!text) return close();
    const controller = (asked = new AbortController());
    try {
      const answer = await fetch(`/suggest?q=${encodeURIComponent(text)}`, { signal: controller.signal });
      if (answer.ok && !controller.signal.aborted) show(await answer.json());
    } catch (error) {
      if (error.name !== "AbortError") close();
    }
  }

  input.addEventListener("input", () => {
    typed = input.value;
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE);
  });
  input.addEventListener("keydown", (event) => {
    const count = options().length;
    if (event.isComposing) return;
    if ((event.key === "ArrowDown" || event.key === "ArrowUp") && !event.altKey) {
      if (!open()) {
        typed = input.value;
        if (event.key === "ArrowDown") ask();
        return;
      }
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      activate(((active + 1 + step + count + 1) % (count + 1)) - 1);
    } else if (event.key === "Enter" && open() && active >= 0) {
      event.preventDefault();
      take(options()[active]);
    } else if (event.key === "Enter") {
      close();
    } else if (event.key === "Escape" && open()) {
      event.preventDefault();
      input.value = typed;
      close();
    } else if (event.key === "Tab") {
      close();
    }
  });
  input.addEventListener("blur", close);
  list.addEventListener("mousedown", (event) => event.preventDefault()); // the box keeps the focus
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) take(option);
  });
}
