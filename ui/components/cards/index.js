// Entities as a grid, a row, chips or lines: real links, so that they can be focused, copied and
// opened in a new tab.
// Everything shown is set as text: nothing from the graph is ever read as HTML.
const drawn = new WeakMap()

export default function ({ data, parentElement }) {
  const list = parentElement.querySelector("ul")
  const said = JSON.stringify(data)
  if (drawn.get(parentElement) === said) return
  drawn.set(parentElement, said)
  list.className = data.shape
  if (data.name) list.setAttribute("aria-label", data.name)
  list.replaceChildren(...data.items.map(data.shape === "rows" ? row : card))

  function card(item) {
    const below = element("span", "below")
    below.append(element("span", "note", item.note), element("span", "score", item.score))
    const words = element("span", "words")
    words.append(element("span", "label", item.label), below)
    return entry(item, picture(item), words)
  }

  function row(item) {
    const words = element("span", "words")
    words.append(element("span", "label", item.label))
    if (item.text) words.append(element("span", "text", item.text))
    const aside = element("span", "aside")
    aside.append(element("span", "note", item.note), element("span", "id", item.id))
    return entry(item, picture(item), words, aside, element("span", "score", item.score))
  }

  function entry(item, ...parts) {
    const link = element("a", "")
    link.href = item.href
    link.title = item.label
    link.dataset.page = ""
    link.append(...parts)
    const made = document.createElement("li")
    made.append(link)
    return made
  }

  function picture(item) {
    if (!item.image) {
      const first = [...item.label.trim()][0] ?? "?"
      const letter = element("span", "picture letter", first.toUpperCase())
      letter.setAttribute("aria-hidden", "true")
      return letter
    }
    const image = element("img", "picture")
    image.src = item.image
    image.alt = ""
    return image
  }

  function element(name, kind, text = "") {
    const made = document.createElement(name)
    made.className = kind
    made.textContent = text
    return made
  }
}
