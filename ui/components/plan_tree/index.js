// A plan as a tree: an operator a row, those it gets its rows from below it, with bars of what each
// took. Every word is set as text.
export default function ({ data, parentElement }) {
  let root = parentElement.querySelector(".plan")
  if (!root) {
    root = element("div", "plan")
    parentElement.append(root)
  }
  const list = element("ul", "tree")
  list.append(step(data.root))
  root.replaceChildren(heads(), list)

  function heads() {
    const row = element("div", "row head")
    row.append(element("span", "what", data.words.operator), ...columns().map(([, word]) => element("span", "figure", word)))
    return row
  }

  function columns() {
    const all = [["rows", data.words.rows], ["hits", data.words.hits]]
    return data.ran ? all : [["estimated", data.words.estimated]]
  }

  function step(one) {
    const item = document.createElement("li")
    const row = element("div", "row")
    const what = element("div", "what")
    what.append(element("b", "operator", one.operator), element("span", "details", one.details))
    row.append(what, ...columns().map(([name]) => figure(one, name)))
    item.append(row)
    if (one.children.length) {
      const below = element("ul", one.children.length > 1 ? "several" : "")
      below.append(...one.children.map(step))
      item.append(below)
    }
    return item
  }

  function figure(one, name) {
    const cell = element("div", "figure")
    const bar = element("div", "bar")
    const filled = element("div", "filled")
    filled.style.width = `${Math.round(100 * one.shares[name])}%`
    bar.append(filled)
    cell.append(element("span", "number", one.figures[name]), bar)
    return cell
  }

  function element(name, kind, text = "") {
    const made = document.createElement(name)
    made.className = kind
    made.textContent = text
    return made
  }
}
