// A combobox after the WAI-ARIA pattern "editable combobox with list autocomplete".

const PAUSE = 90; // ms without a key before suggestions are asked for

export function combobox(input) {
  const list = document.createElement("ul");
  list.id = "search-options";
  list.className = "options";
  list.hidden = true;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Suggestions");
  input.after(list);
  const attributes = { role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id };
  for (const [name, value] of Object.entries(attributes)) input.setAttribute(name, value);

  let typed = input.value; // what the person wrote, while the arrow keys show suggestions in the box
  let active = -1;
  let timer = 0;
  let asked = null; // the request on its way; an older one is given up

  const options = () => [...list.children];
  const open = () => !list.hidden;

  function close() {
    clearTimeout(timer);
    asked?.abort();
    list.hidden = true;
    active = -1;
    options().forEach((option) => option.setAttribute("aria-selected", "false"));
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function activate(index) {
    clearTimeout(timer);
    asked?.abort();
    const all = options();
    active = index;
    all.forEach((option, i) => option.setAttribute("aria-selected", String(i === index)));
    if (index < 0) {
      input.removeAttribute("aria-activedescendant");
      input.value = typed;
      return;
    }
    input.setAttribute("aria-activedescendant", all[index].id);
    input.value = all[index].dataset.text;
    all[index].scrollIntoView({ block: "nearest" });
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
      const option = document.createElement("li");
      option.id = `search-option-${i}`;
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", "false");
      option.dataset.text = suggestion;
      option.dataset.url = urls[i];
      option.append(suggestion);
      if (kinds[i]) {
        const kind = document.createElement("small");
        kind.textContent = kinds[i];
        option.append(" ", kind);
      }
      return option;
    }));
    active = -1;
    input.removeAttribute("aria-activedescendant");
    list.hidden = !texts.length;
    input.setAttribute("aria-expanded", String(!list.hidden));
  }

  async function ask() {
    asked?.abort();
    const text = input.value.trim();
    if (!text) return close();
    const controller = (asked = new AbortController());
    try {
      const answer = await fetch(`/suggest?q=${encodeURIComponent(text)}`, { signal: controller.signal });
      if (answer.ok && asked === controller && !controller.signal.aborted) show(await answer.json());
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
  input.addEventListener("blur", () => close());
  list.addEventListener("mousedown", (event) => event.preventDefault()); // the box keeps the focus
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) take(option);
  });
}
