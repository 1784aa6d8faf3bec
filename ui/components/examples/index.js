// What an answer should be like, and what it should not: chips, each a link to its entity and a
// button that takes it away. All text is set as text.
export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector("article")
  root.replaceChildren(...data.groups.filter((group) => group.items.length).map(row))

  function row(group) {
    const list = element("ul", group.kind)
    list.setAttribute("aria-label", group.title)
    list.append(...group.items.map((item) => chip(item, group)))
    const made = element("section", "")
    made.append(element("span", "title", group.title), list)
    return made
  }

  function chip(item, group) {
    const link = element("a", "name", item.label)
    link.href = item.href
    link.title = item.label
    link.dataset.page = ""
    const remove = element("button", "remove", "×")
    remove.type = "button"
    remove.title = data.remove
    remove.setAttribute("aria-label", `${data.remove}: ${item.label}`)
    remove.onclick = () => setTriggerValue("removed", `${group.kind} ${item.id}`)
    const made = element("li", "")
    if (item.image) {
      const image = element("img", "")
      image.src = item.image
      image.alt = ""
      made.append(image)
    }
    made.append(link, remove)
    return made
  }

  function element(name, kind, text = "") {
    const made = document.createElement(name)
    if (kind) made.className = kind
    made.textContent = text
    return made
  }
}
