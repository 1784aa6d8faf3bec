// A row or grid of entities: real links, so that they can be focused, copied and opened in a new
// tab. A plain click is handed to Python, which is faster than loading the page anew.
// Everything shown is set as text: nothing from the graph is ever read as HTML.
export default function ({ data, parentElement, setTriggerValue }) {
  const list = parentElement.querySelector("ul")
  list.className = data.shape
  list.replaceChildren(...data.items.map(card))

  function card(item) {
    const link = element("a", "")
    link.href = item.href
    link.title = item.label
    link.onclick = (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return
      event.preventDefault()
      setTriggerValue("opened", item.id)
    }
    const below = element("span", "below")
    below.append(element("span", "note", item.note), element("span", "score", item.score))
    const words = element("span", "words")
    words.append(element("span", "label", item.label), below)
    link.append(picture(item), words)
    const entry = document.createElement("li")
    entry.append(link)
    return entry
  }

  function picture(item) {
    if (!item.image) {
      const first = [...item.label.trim()][0] ?? "?"
      return element("span", "picture letter", first.toUpperCase())
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
