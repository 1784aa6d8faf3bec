// Small pictures in a row, each a button that chooses what is shown large. Arrow keys go along.
export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector("section")
  const row = document.createElement("div")
  row.className = "row"
  row.setAttribute("role", "group")
  row.setAttribute("aria-label", data.name)
  data.items.forEach((item, place) => row.append(choice(item, place)))
  const had = root.querySelector("button:focus")?.dataset.at
  root.replaceChildren(row)
  if (had) row.querySelector(`button[data-at="${Number(had)}"]`)?.focus()
  row.querySelector("[aria-pressed=true]")?.scrollIntoView({ block: "nearest", inline: "nearest" })
  row.onkeydown = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
    if (!step) return
    const all = [...row.querySelectorAll("button")]
    all[(all.indexOf(document.activeElement) + step + all.length) % all.length]?.focus()
    event.preventDefault()
  }

  function choice(item, place) {
    const made = document.createElement("button")
    made.type = "button"
    made.dataset.at = place
    made.title = item.caption || item.title
    made.setAttribute("aria-label", item.caption ? `${item.title}: ${item.caption}` : item.title)
    made.setAttribute("aria-pressed", String(item.chosen))
    made.onclick = () => setTriggerValue("chosen", item.at)
    if (item.image) {
      const image = document.createElement("img")
      image.src = item.image
      image.alt = ""
      made.append(image)
    }
    if (item.mark) {
      const mark = document.createElement("span")
      mark.textContent = item.mark
      mark.setAttribute("aria-hidden", "true")
      made.append(mark)
    }
    return made
  }
}
