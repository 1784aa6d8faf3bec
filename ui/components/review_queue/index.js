// A queue to decide on by keys, while the list has the focus: j and k move, a accepts, r rejects,
// d puts off, u undoes, x chooses for a decision on several. Where one stands is known here; Python
// is told a moment later, so that a fast reader does not wait for it. Of what is said while Python is
// busy Streamlit keeps only the last: so all that Python has not said it heard is said each time.
// Everything shown is set as text: nothing from the graph is ever read as HTML.
const states = new WeakMap()
const DECIDES = { a: "accept", r: "reject", d: "later", u: "undo" }
const DECISIONS = new Set(Object.values(DECIDES))
const WAIT = 140 // ms that somebody rests on a row before its grounds are asked for
const AGAIN = 2000 // ms until what was not heard is said again

export default function ({ data, parentElement, setTriggerValue }) {
  let state = states.get(parentElement)
  if (!state) {
    state = {
      at: null, chosen: new Set(), timer: 0, rows: new Map(), list: null,
      unheard: [], stamp: 0, again: 0,
    }
    states.set(parentElement, state)
    build()
  }
  state.data = data
  state.send = setTriggerValue
  const ids = data.rows.map((row) => row.id)
  if (state.lot !== data.lot) {
    state.lot = data.lot
    state.at = null
    state.chosen.clear()
  }
  if (!ids.includes(state.at)) state.at = ids.includes(data.at) ? data.at : (ids[0] ?? null)
  state.stamp = Math.max(state.stamp, data.heard)
  state.unheard = state.unheard.filter((one) => one.stamp > data.heard)
  clearTimeout(state.again)
  if (state.unheard.length) state.again = setTimeout(send, AGAIN)
  draw()
  return () => {
    clearTimeout(state.timer)
    clearTimeout(state.again)
  }

  function build() {
    const root = parentElement.querySelector("section")
    root.className = "queue"
    state.list = make("ol", "rows")
    state.help = make("p", "keys")
    state.live = make("p", "live")
    state.live.setAttribute("aria-live", "polite")
    root.replaceChildren(state.list, state.help, state.live)
    state.list.onkeydown = pressed
  }

  function draw() {
    const held = state.list.contains(state.list.getRootNode().activeElement)
    state.list.setAttribute("aria-label", data.words.queue)
    state.rows = new Map()
    state.list.replaceChildren(...data.rows.map(entry))
    state.help.replaceChildren(
      ...data.keys.flatMap(([keys, word]) => [
        ...keys.split(" ").map((key) => make("kbd", "", key)),
        make("span", "", word),
      ]),
    )
    mark(held)
  }

  function entry(row) {
    const item = make("li", row.state)
    const waits = state.unheard.some((one) => DECISIONS.has(one.what) && one.id === row.id)
    item.classList.toggle("busy", waits)
    const box = make("input", "")
    box.type = "checkbox"
    box.checked = state.chosen.has(row.id)
    box.setAttribute("aria-label", `${data.words.choose} ${row.head} ${row.verb} ${row.tail}`)
    box.onchange = () => choose(row.id, box.checked)
    const button = make("button", "row")
    button.type = "button"
    button.onclick = () => go(row.id, true)
    const fact = make("span", "fact")
    fact.append(
      make("span", "end", row.head),
      make("span", "verb", row.verb),
      make("span", "end", row.tail),
    )
    const below = make("span", "below")
    below.append(make("span", "kind", row.kind))
    if (row.note) below.append(make("span", "note", row.note))
    const words = make("span", "words")
    words.append(fact, below)
    button.append(words, chance(row))
    item.append(box, button)
    state.rows.set(row.id, { item, button, box })
    return item
  }

  function chance(row) {
    const shown = make("span", "chance")
    shown.append(make("b", "", row.chance))
    if (row.share !== null) {
      const bar = make("span", "bar")
      const full = make("span", "full")
      full.style.width = `${Math.max(2, 100 * row.share)}%`
      bar.append(full)
      shown.append(bar)
    }
    return shown
  }

  function mark(focus) {
    for (const [id, { item, button, box }] of state.rows) {
      const here = id === state.at
      item.classList.toggle("here", here)
      button.tabIndex = here ? 0 : -1
      box.tabIndex = here ? 0 : -1
      if (here) button.setAttribute("aria-current", "true")
      else button.removeAttribute("aria-current")
      if (here && focus) {
        button.focus({ preventScroll: true })
        within(item)
      }
    }
  }

  function within(item) {
    const list = state.list
    const above = item.offsetTop - list.offsetTop
    if (above < list.scrollTop) list.scrollTop = above
    const under = above + item.offsetHeight - list.clientHeight
    if (under > list.scrollTop) list.scrollTop = under
  }

  function go(id, at_once) {
    if (id === undefined || id === null) return
    state.at = id
    mark(true)
    clearTimeout(state.timer)
    state.timer = setTimeout(() => tell({ what: "move", id }), at_once ? 0 : WAIT)
  }

  function near(step) {
    const ids = state.data.rows.map((row) => row.id)
    return ids[ids.indexOf(state.at) + step]
  }

  function choose(id, yes) {
    if (yes) state.chosen.add(id)
    else state.chosen.delete(id)
    tell({ what: "choose", ids: [...state.chosen] })
  }

  function pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key
    if (key === "j" || key === "ArrowDown") go(near(1))
    else if (key === "k" || key === "ArrowUp") go(near(-1))
    else if (key === "x") {
      const box = state.rows.get(state.at)?.box
      if (box) {
        box.checked = !box.checked
        choose(state.at, box.checked)
      }
    } else if (key in DECIDES && state.at !== null) decide(DECIDES[key])
    else return
    event.preventDefault()
    event.stopPropagation()
  }

  function decide(what) {
    const row = state.data.rows.find((one) => one.id === state.at)
    const next = what === "undo" ? state.at : (near(1) ?? state.at)
    clearTimeout(state.timer)
    state.rows.get(state.at)?.item.classList.add("busy")
    state.live.textContent = `${state.data.words[what]}: ${row.head} ${row.verb} ${row.tail}`
    tell({ what, id: state.at, next })
    state.at = next
    mark(true)
  }

  // Where one stands, or what is chosen, is said once: the last of it.
  function tell(step) {
    const once = step.what === "move" || step.what === "choose"
    if (once) state.unheard = state.unheard.filter((one) => one.what !== step.what)
    state.stamp += 1
    state.unheard.push({ ...step, stamp: state.stamp })
    send()
  }

  function send() {
    state.send("said", state.unheard)
  }

  function make(name, kind, text = "") {
    const made = document.createElement(name)
    made.className = kind
    made.textContent = text
    return made
  }
}
