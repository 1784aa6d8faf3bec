// Elements made one by one: text of the graph is only ever set as text.
export function element(name, kind = "", text = "", more = {}) {
  const made = document.createElement(name)
  if (kind) made.className = kind
  if (text) made.textContent = text
  for (const [key, value] of Object.entries(more)) {
    if (key.startsWith("on")) made[key] = value
    else if (value !== null && value !== undefined) made.setAttribute(key, value)
  }
  return made
}

export function button(text, onclick, more = {}) {
  return element("button", more.kind ?? "", text, { type: "button", onclick, ...more.set })
}

// "{count} facts" with its {names} filled in; numbers as the reader's language writes them
export function filled(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => {
    const value = values[name]
    return value === undefined ? whole : typeof value === "number" ? value.toLocaleString() : value
  })
}
