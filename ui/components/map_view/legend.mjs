// The legend: for each kind a button that selects its points and one that hides them.
import { css } from "./colours.mjs"

export function legend(parent, element, { select, hide }) {
  const list = element("ul", "entries")
  const title = element("div", "heading")
  parent.append(title, list)
  let shown = ""

  return {
    show({ colour, words, hidden, chosen, format }) {
      const state = JSON.stringify([colour, words, [...hidden], chosen])
      if (state === shown) return
      shown = state
      const focused = list.contains(list.getRootNode().activeElement)
        ? [...list.querySelectorAll("button")].indexOf(list.getRootNode().activeElement)
        : -1
      title.textContent = colour.title
      list.replaceChildren(...colour.legend.map((entry) => line(entry, colour, words, hidden, chosen, format)))
      if (focused >= 0) list.querySelectorAll("button")[focused]?.focus()
    },
  }

  function line(entry, colour, words, hidden, chosen, format) {
    const away = hidden.has(entry.first)
    const made = element("li", away ? "away" : "")
    const main = element("button", "entry")
    main.type = "button"
    main.title = entry.label
    main.setAttribute("aria-pressed", String(chosen === entry.first))
    const dot = element("span", "dot")
    dot.style.background = css(Math.round((entry.first + entry.last) / 2), colour.measure)
    const label = element("span", "label")
    label.textContent = entry.label
    const count = element("span", "count")
    count.textContent = format(entry.count)
    main.append(dot, label, count)
    main.onclick = () => select(entry)
    const eye = element("button", "eye")
    eye.type = "button"
    eye.setAttribute("aria-pressed", String(away))
    eye.setAttribute("aria-label", `${words.hide}: ${entry.label}`)
    eye.title = away ? words.show : words.hide
    eye.append(drawing(away ? CLOSED : OPEN))
    eye.onclick = () => hide(entry)
    made.append(main, eye)
    return made
  }
}

const OPEN = ["M2 12s3.6-6.5 10-6.5S22 12 22 12s-3.6 6.5-10 6.5S2 12 2 12z", "M12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6z"]
const CLOSED = ["M3 3l18 18", "M9.9 5.7A10 10 0 0 1 12 5.500c6.400 0 10 6.500 10 6.500a17 17 0 0 1-3 3.700", "M6.200 7.400A17 17 0 0 0 2 12s3.600 6.500 10 6.500a10 10 0 0 0 4-.8"]

export function drawing(paths) {
  const space = "http://www.w3.org/2000/svg"
  const made = document.createElementNS(space, "svg")
  made.setAttribute("viewBox", "0 0 24 24")
  made.setAttribute("aria-hidden", "true")
  for (const path of paths) {
    const line = document.createElementNS(space, "path")
    line.setAttribute("d", path)
    made.append(line)
  }
  return made
}
