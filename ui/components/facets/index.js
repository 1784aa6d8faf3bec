// Facets: for each a list of buttons, one a value, with how many entities have it. Real buttons with
// their state said (aria-pressed). On a narrow page all of it waits behind one line.
const FIRST = 8 // values of a facet that are shown before "more"
const kept = new WeakMap() // parent -> which facets are opened, what is filtered, by name

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector("section")
  const state = kept.get(parentElement) ?? { whole: new Set(), open: null, focus: null }
  kept.set(parentElement, state)
  root.className = "facets"

  const outer = element("details", "all")
  const narrow = window.matchMedia("(max-width: 640px)").matches
  outer.open = state.open ?? !narrow
  const head = element("summary", "head")
  head.append(element("span", "", data.words.title))
  if (data.chosen) head.append(element("span", "badge", String(data.chosen)))
  outer.append(head)
  outer.ontoggle = () => (state.open = outer.open)
  if (data.chosen) {
    outer.append(button("clear", data.words.clear, "clear", () => setTriggerValue("cleared", true)))
  }
  for (const group of data.groups) outer.append(facet(group))
  root.replaceChildren(outer)
  if (state.focus) {
    for (const one of root.querySelectorAll("button")) {
      if (one.dataset.at === state.focus) one.focus({ preventScroll: true })
    }
    state.focus = null
  }

  function facet(group) {
    const section = element("section", "facet")
    const title = element("div", "title", group.title)
    section.setAttribute("role", "group")
    section.setAttribute("aria-label", group.title)
    section.append(title)
    const whole = state.whole.has(group.name)
    const most = Math.max(1, ...group.values.map((value) => value.count))
    group.values.forEach((value, place) => {
      if (!whole && place >= FIRST && !value.chosen) return
      section.append(choice(group, value, most))
    })
    if (group.values.length > FIRST) {
      const words = whole ? data.words.fewer : `${data.words.more} (${group.values.length - FIRST})`
      const more = button("more", words, `more ${group.name}`, () => {
        state.whole[whole ? "delete" : "add"](group.name)
        const made = facet(group)
        section.replaceWith(made)
        made.querySelector("button.more")?.focus({ preventScroll: true })
      })
      more.setAttribute("aria-expanded", String(whole))
      section.append(more)
    }
    return section
  }

  function choice(group, value, most) {
    const at = `${group.name} ${value.value}`
    const made = button("value", "", at, () => {
      state.focus = at
      setTriggerValue("toggled", { facet: group.name, value: value.value })
    })
    made.setAttribute("aria-pressed", String(value.chosen))
    made.title = value.label
    const bar = element("span", "bar")
    bar.style.width = `${(100 * value.count) / most}%`
    made.append(bar, element("span", "label", value.label), element("span", "count", value.shown))
    return made
  }

  function button(kind, text, at, pressed) {
    const made = element("button", kind, text)
    made.type = "button"
    made.dataset.at = at
    made.onclick = pressed
    return made
  }

  function element(name, kind, text = "") {
    const made = document.createElement(name)
    if (kind) made.className = kind
    made.textContent = text
    return made
  }
}
