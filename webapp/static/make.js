// An element with these attributes and this text.
export function make(tag, attributes, text = "") {
  const made = document.createElement(tag);
  for (const name in attributes) made.setAttribute(name, attributes[name]);
  made.textContent = text;
  return made;
}
