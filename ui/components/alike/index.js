// An answer: its best as rows, what each way says by itself as lists beside them, and the same
// entity marked in all of them when it is pointed at or focused. All text is set as text.
export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector("article > section")
  root.className = data.lists.length ? "several" : ""
  const main = element("ol", "main")
  main.setAttribute("aria-label", data.words.found)
  main.append(...data.items.map(row))
  const parts = [main]
  if (data.lists.length) {
    const lists = element("div", "lists")
    lists.append(...data.lists.map(list))
    parts.push(lists)
  }
  root.replaceChildren(...parts)

  const mark = (event) => {
    const at = event.target.closest?.("[data-id]")
    for (const one of root.querySelectorAll("[data-id]"))
      one.classList.toggle("marked", at !== null && at !== undefined && one.dataset.id === at.dataset.id)
  }
  const clear = () => root.querySelectorAll(".marked").forEach((one) => one.classList.remove("marked"))
  root.onpointerover = mark
  root.onfocusin = mark
  root.onpointerleave = clear
  root.onfocusout = clear
  return () => { root.onpointerover = root.onfocusin = root.onpointerleave = root.onfocusout = null }

  function row(item, place) {
    const made = element("li", "")
    made.dataset.id = item.id
    const words = element("span", "words")
    words.append(link(item), element("span", "note", item.note))
    const acts = element("span", "acts")
    if (data.words.why) acts.append(button("why", data.words.why, item, data.words.why))
    acts.append(
      button("like", "+", item, data.words.like),
      button("unlike", "−", item, data.words.unlike),
    )
    made.append(element("span", "place", String(place + 1)), picture(item), words, measure(item), acts)
    return made
  }

  function measure(item) {
    const made = element("span", "measure")
    made.append(element("span", "score", item.score))
    if (item.parts.length) {
      const bars = element("span", "bars")
      bars.title = item.parts.map((part) => `${part.title} ${part.score}`).join(", ")
      for (const part of item.parts) {
        const bar = element("span", "bar")
        const full = element("span", "full")
        full.style.width = `${Math.round(100 * part.size)}%`
        bar.append(full)
        bars.append(bar)
      }
      made.append(bars)
    }
    return made
  }

  function list(one) {
    const made = element("section", "")
    const title = element("h4", "", one.title)
    title.append(element("span", "share", one.share))
    const rows = element("ol", "")
    rows.append(...one.items.map((item) => {
      const entry = element("li", "")
      entry.dataset.id = item.id
      entry.append(link(item), element("span", "score", item.score))
      return entry
    }))
    made.append(title, rows)
    return made
  }

  function link(item) {
    const made = element("a", "label", item.label)
    made.href = item.href
    made.title = item.label
    made.dataset.page = ""
    return made
  }

  function button(trigger, text, item, title) {
    const made = element("button", trigger, text)
    made.type = "button"
    made.title = title
    made.setAttribute("aria-label", `${title}: ${item.label}`)
    made.onclick = () => setTriggerValue(trigger, item.id)
    return made
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
    if (kind) made.className = kind
    made.textContent = text
    return made
  }
}
