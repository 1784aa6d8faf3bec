// Lines with a name, a bar and figures; those that lead somewhere are links. Everything is set as text.
export default function ({ data, parentElement }) {
  const root = parentElement.querySelector("section")
  const table = element("div", "tallies")
  table.setAttribute("role", "table")
  if (data.name) table.setAttribute("aria-label", data.name)
  const parts = data.columns.length ? ` repeat(${data.columns.length}, minmax(58px, 74px))` : ""
  table.style.setProperty("--wide", `minmax(96px, 1fr) minmax(52px, auto)${parts}`)
  table.style.setProperty("--narrow", `repeat(${Math.max(data.columns.length, 2)}, 1fr)`)
  if (data.columns.length) {
    const head = element("div", "line head")
    head.setAttribute("role", "row")
    for (const [place, title] of [...data.heads, ...data.columns].entries()) {
      head.append(cell(place < 1 ? "name" : "figure", title, "columnheader"))
    }
    table.append(head)
  }
  for (const item of data.rows) table.append(line(item))
  root.replaceChildren(table)

  function line(item) {
    const made = element("div", "line")
    made.setAttribute("role", "row")
    const name = cell("name", "", "rowheader")
    if (item.href) {
      const link = element("a", "", item.label)
      link.href = item.href
      link.dataset.page = ""
      name.append(link)
    } else name.append(element("span", "label", item.label))
    name.title = item.label
    const bar = element("span", "bar")
    bar.setAttribute("aria-hidden", "true")
    bar.style.width = `${Math.max(item.share * 100, 0.4)}%`
    name.append(bar)
    made.append(name, cell("figure", item.count))
    item.cells.forEach((part, place) => made.append(meter(part, data.columns[place])))
    return made
  }

  // How many have one, of those that can: a ring would be pretty, a bar is read.
  function meter(part, title) {
    const made = cell("figure meter", "")
    const said = element("span", "of", title) // what heads the column says where it is wide
    said.setAttribute("aria-hidden", "true")
    made.append(said, element("span", "", part === null ? "–" : part.shown))
    if (part === null) {
      made.classList.add("none")
      return made
    }
    made.title = part.title
    const bar = element("span", "bar")
    bar.setAttribute("aria-hidden", "true")
    const full = element("span", part.share < 0.9995 ? "full some" : "full")
    full.style.width = `${part.share * 100}%`
    bar.append(full)
    made.append(bar)
    return made
  }

  function cell(kind, text, role = "cell") {
    const made = element("div", kind, text)
    made.setAttribute("role", role)
    return made
  }

  function element(name, kind, text = "") {
    const made = document.createElement(name)
    if (kind) made.className = kind
    made.textContent = text
    return made
  }
}
