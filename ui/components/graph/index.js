// A part of the graph: the picture, its tools, what is selected, and a list of all that is drawn,
// by which everything can be done without the picture. Positions stay here; what is expanded,
// hidden or pinned is told to Python (`acted`), which answers with new data. Pictures are asked
// for after the first drawing (`wanted`).
import { Assigned, NOTHING, PALETTE, RAMP_CSS, ramp } from "./colours.js"
import { Drawing } from "./drawing.js"
import { button, element, filled } from "./elements.js"
import { save } from "./saved.js"

const views = new WeakMap()
const pictures = new Map() // digest -> data: address, or null where there is none
const PICTURES_AT_ONCE = 150
const MOST_PICTURES = 900
const TRIES = 3 // an answer is lost where somebody goes on meanwhile
const ROWS = 100
const NEAR = 60

export default function ({ data, parentElement, setTriggerValue }) {
  let view = views.get(parentElement)
  if (!view) {
    view = new View(parentElement)
    views.set(parentElement, view)
  }
  view.tell = setTriggerValue
  view.show(data)
  return () => {
    view.end()
    views.delete(parentElement)
  }
}

const short = (value) => (value && Math.abs(value) < 0.1 ? value.toFixed(3) : value.toFixed(2))
const edgeId = ({ head, relation, tail }, kind) => JSON.stringify([kind, head, relation, tail])

class View {
  constructor(parent) {
    this.types = new Assigned()
    this.tries = new Map() // picture -> how often it was asked for
    this.rows = ROWS
    this.root = element("div", "graph")
    this.bar = element("div", "bar", "", { role: "toolbar" })
    this.stage = element("div", "stage", "", { tabindex: "0", role: "application" })
    this.canvas = element("div", "canvas")
    // Said here as well: the style sheet may come after the first drawing.
    this.stage.style.position = "relative"
    Object.assign(this.canvas.style, { position: "absolute", inset: "0" })
    this.busy = element("div", "busy", "", { role: "status" })
    this.chosen = element("section", "card chosen", "", { "aria-live": "polite" })
    this.proposals = element("section", "card")
    this.list = element("section", "card drawn")
    this.legends = element("div", "legends")
    this.stage.append(this.canvas, this.busy)
    this.side = element("div", "side")
    this.side.append(this.chosen, this.proposals, this.list)
    const body = element("div", "body")
    body.append(this.stage, this.side)
    this.root.append(this.bar, body, this.legends)
    parent.append(this.root) // beside the style sheet
    this.search = element("input", "", "", { type: "search", oninput: () => this.#list(true) })
    this.found = element("ul")
    this.#keys()
  }

  show(data) {
    this.data = data
    this.words = data.words
    for (const [digest, address] of Object.entries(data.pictures)) pictures.set(digest, address)
    this.stage.style.height = `${data.height}px`
    this.side.style.height = `${data.height}px`
    this.byId = new Map(data.nodes.map((one) => [one.id, one]))
    if (!this.drawing) {
      this.drawing = new Drawing(this.canvas)
      const { cy } = this.drawing
      cy.on("select unselect", () => this.#soon())
      cy.on("dbltap", "node", (event) => {
        const node = this.byId.get(event.target.id())
        if (node) this.#act(node.total === null ? "expand" : "collapse", { ids: [node.id] })
      })
    }
    this.drawing.looks()
    this.#bar()
    const token = (this.turn = {})
    const there = () => {
      this.#say("")
      this.#list() // not before: what is not drawn cannot be selected
      this.#selected()
      this.root.dataset.drawn = String(data.nodes.length)
      setTimeout(() => this.#pictures(), 60)
    }
    if (data.nodes.every((one) => this.drawing.has(one.id))) {
      this.#put()
      there()
    } else {
      this.#say(this.words.arranging)
      // The browser is to show the words before it is busy with the picture, and to draw that once.
      requestAnimationFrame(() => setTimeout(() => {
        if (this.turn !== token || this.ended) return
        const { fresh, first } = this.#put()
        this.#arrange(first, fresh)
        there()
      }))
    }
    this.#proposed()
    this.#legend()
    this.stage.setAttribute("aria-label", `${filled(this.words.graph, { nodes: data.nodes.length, edges: data.edges.length })}. ${this.words.keys}`)
  }

  end() {
    this.ended = true
    this.sizes.disconnect()
    this.root.remove()
    this.drawing?.end()
  }

  #arrange(all, fresh = []) {
    const pinned = new Set(this.data.nodes.filter((one) => one.pinned).map((one) => one.id))
    this.drawing.arrange({ all, fresh, pinned })
  }

  // ---- what is drawn

  #put() {
    const { data } = this
    const off = new Set(data.types_off)
    const lines = new Set(data.relations_off)
    const many = data.nodes.length > 600
    const hidden = (one) => off.has(one.type ?? "")
    const nodes = data.nodes.map((one) => ({
      id: one.id,
      label: one.label.length > 40 ? `${one.label.slice(0, 39)}…` : one.label,
      size: (many ? 14 : 22) + Math.min(26, 5 * Math.log2(1 + (one.degree ?? 0) / 4)) + (one.total === null ? 0 : 8),
      colour: this.#colour(one),
      image: (one.picture && pictures.get(one.picture)) || null,
      expanded: one.total !== null,
      pinned: one.pinned,
      off: hidden(one),
    }))
    const edge = (one, kind) => ({
      id: edgeId(one, kind),
      source: one.head,
      target: one.tail,
      relation: one.relation,
      colour: this.#edgeColour(one),
      way: one.way,
      proposed: kind === "proposed",
      off: lines.has(one.relation),
    })
    const edges = [
      ...data.edges.map((one) => edge(one, "fact")),
      ...data.predicted.map((one) => edge(one, "proposed")),
    ]
    return this.drawing.put(nodes, edges)
  }

  #share(value) {
    const { low, high } = this.data.scale
    return high > low ? (value - low) / (high - low) : 0.5
  }

  #colour(node) {
    const { colour } = this.data
    if (colour === "type") return node.type ? this.types.of(node.type) : NOTHING
    if (node.value === null || node.value === undefined) return NOTHING
    if (colour === "community") return node.value < PALETTE.length ? PALETTE[node.value] : NOTHING
    return ramp(this.#share(node.value))
  }

  #edgeColour(edge) {
    if (this.data.colour !== "surprise" || edge.value === null || edge.value === undefined) return NOTHING
    return ramp(this.#share(edge.value))
  }

  #pictures() {
    if (this.ended) return
    const wanted = new Set()
    let known = 0
    for (const { picture } of this.data.nodes) {
      if (!picture) continue
      if (pictures.has(picture)) known += 1
      else if (wanted.size < PICTURES_AT_ONCE && (this.tries.get(picture) ?? 0) < TRIES) wanted.add(picture)
    }
    if (!wanted.size || known >= MOST_PICTURES) return
    for (const one of wanted) this.tries.set(one, (this.tries.get(one) ?? 0) + 1)
    this.tell("wanted", [...wanted])
  }

  // ---- acts

  #act(what, more) {
    this.#say(this.words.working)
    this.tell("acted", { what, ...more })
  }

  #say(text) {
    this.busy.textContent = text
    this.busy.hidden = !text
  }

  #bar() {
    const { words } = this
    this.bar.setAttribute("aria-label", words.tools)
    const of = (text, onclick, set = {}) => button(text, onclick, { set })
    const undo = of(words.undo, () => this.#act("undo", {}))
    undo.disabled = !this.data.can_undo
    const files = element("div", "bar", "", { role: "group", "aria-label": words.save })
    files.append(
      element("span", "quiet", words.save),
      ...["PNG", "SVG", "JSON"].map((kind) => of(kind, () => save(kind, this.drawing, this.data))),
    )
    this.bar.replaceChildren(
      undo,
      of(words.fit, () => this.drawing.fit()),
      of("+", () => this.drawing.zoom(1.3), { "aria-label": words.closer, title: words.closer }),
      of("−", () => this.drawing.zoom(1 / 1.3), { "aria-label": words.farther, title: words.farther }),
      of(words.arrange, () => {
        this.#say(words.arranging)
        setTimeout(() => {
          this.#arrange(true)
          this.#say("")
        }, 30)
      }),
      element("span", "gap"),
      files,
    )
  }

  #keys() {
    this.stage.onkeydown = (event) => {
      if (event.target !== this.stage || event.ctrlKey || event.metaKey || event.altKey) return
      const { cy } = this.drawing
      const moves = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] }
      if (moves[event.key]) cy.panBy({ x: moves[event.key][0], y: moves[event.key][1] })
      else if (event.key === "+" || event.key === "=") this.drawing.zoom(1.3)
      else if (event.key === "-") this.drawing.zoom(1 / 1.3)
      else if (event.key === "f" || event.key === "F") this.drawing.fit()
      else if (event.key === "Escape") cy.elements().unselect()
      else return
      event.preventDefault()
    }
    // The wheel scrolls the page until somebody works in the picture.
    this.stage.onpointerdown = () => {
      this.touched = true // from here on the picture stays where a person put it
      this.drawing.cy.userZoomingEnabled(true)
    }
    this.stage.onpointerleave = () => this.drawing.cy.userZoomingEnabled(false)
    this.stage.onpointerenter = () => this.drawing.looks()
    this.sizes = new ResizeObserver(() => {
      this.drawing?.cy.resize()
      if (!this.touched) this.drawing?.fit()
    })
    this.sizes.observe(this.stage)
  }

  #soon() {
    if (this.waits) return
    this.waits = true
    setTimeout(() => {
      this.waits = false
      if (this.ended) return
      this.drawing.nearby()
      this.#selected()
      this.#pressed()
    })
  }

  #select(id, { centre = true, more = false } = {}) {
    const { cy } = this.drawing
    const one = cy.getElementById(id)
    if (more && one.selected()) return one.unselect()
    if (!more) cy.elements().unselect()
    one.select()
    if (centre && !one.hasClass("off")) this.drawing.reach([id], one)
  }

  // ---- what is selected

  #selected() {
    const { words, data, byId } = this
    const { cy } = this.drawing
    const ids = cy.nodes(":selected").map((one) => one.id()).filter((id) => byId.has(id))
    const edges = cy.edges(":selected").map((one) => one.id())
    const card = this.chosen
    card.replaceChildren()
    card.hidden = !ids.length && !edges.length
    if (card.hidden) return
    if (!ids.length) return this.#edge(edges[0])
    const nodes = ids.map((id) => byId.get(id))
    const [node] = nodes
    if (nodes.length > 1) card.append(element("div", "name", filled(words.selected, { count: nodes.length })))
    else {
      card.append(element("div", "name", node.label))
      const facts = node.total === null
        ? filled(words.facts, { count: node.degree ?? 0 })
        : filled(words.shown, { shown: node.shown, total: node.total })
      card.append(element("div", "quiet", [node.type, facts].filter(Boolean).join(" · ")))
    }
    const bar = element("div", "bar")
    const act = (text, what, more = {}, kind = "") => bar.append(button(text, () => this.#act(what, { ids, ...more }), { kind }))
    if (nodes.some((one) => one.total === null)) act(words.expand, "expand", {}, "main")
    if (nodes.some((one) => one.total !== null)) act(words.collapse, "collapse")
    if (nodes.some((one) => !one.pinned)) act(words.pin, "pin")
    if (nodes.some((one) => one.pinned)) act(words.unpin, "unpin")
    act(words.hide, "hide")
    if (nodes.length === 1) {
      act(words.open, "open")
      act(words.like, "like")
    } else act(words.only, "only")
    if (nodes.length === 2) act(words.ways, "ways")
    bar.append(button(words.unselect, () => cy.elements().unselect()))
    card.append(bar)
    if (nodes.length > 1) return
    if (data.relations.length) card.append(this.#question(node))
    const facts = element("ul")
    const around = [...data.edges.map((one) => [one, "fact"]), ...data.predicted.map((one) => [one, "proposed"])]
      .filter(([one]) => one.head === node.id || one.tail === node.id)
    for (const [one, kind] of around.slice(0, NEAR)) {
      const out = one.head === node.id
      const other = byId.get(out ? one.tail : one.head)
      if (!other) continue
      const open = () => (kind === "proposed" ? this.#select(edgeId(one, kind), { centre: false }) : this.#select(other.id))
      facts.append(this.#row(`${out ? "→" : "←"} ${one.relation}  ${other.label}`, "", this.#mark(other, kind), open))
    }
    card.append(facts)
  }

  #question(node) {
    const { words, data } = this
    const choice = element("select", "", "", { "aria-label": words.relations })
    for (const heads of [false, true]) {
      for (const relation of data.relations) {
        const option = element("option", "", `${heads ? "←" : "→"} ${relation}`)
        option.value = JSON.stringify([relation, heads])
        choice.append(option)
      }
    }
    const bar = element("div", "bar question")
    bar.append(choice, button(words.ask, () => {
      const [relation, heads] = JSON.parse(choice.value)
      this.#act("ask", { ids: [node.id], relation, heads })
    }))
    return bar
  }

  #edge(id) {
    const [kind, head, relation, tail] = JSON.parse(id)
    const { words, byId, chosen } = this
    const named = (one) => byId.get(one)?.label ?? one
    chosen.append(element("div", "name", `${named(head)} → ${relation} → ${named(tail)}`))
    const ends = element("div", "bar")
    for (const end of new Set([head, tail])) ends.append(button(named(end).slice(0, 40), () => this.#select(end)))
    if (kind === "proposed") {
      const one = this.data.predicted.find((each) => edgeId(each, kind) === id)
      const value = one?.probability
      const told = [words.predicted]
      if (typeof value === "number") told.push(filled(words.probability, { value: value.toFixed(2) }))
      chosen.append(element("div", "quiet", told.join(" · ")))
      const bar = element("div", "bar")
      bar.append(
        button(words.accept, () => this.#act("accept", { head, relation, tail }), { kind: "main" }),
        button(words.reject, () => this.#act("reject", { head, relation, tail })),
      )
      chosen.append(bar)
    }
    chosen.append(ends)
  }

  // ---- lists

  #row(label, number, mark, onclick, set = {}) {
    const made = button("", onclick, { set: { title: label.slice(0, 300), ...set } })
    made.append(mark, element("span", "label", label), element("span", "number", number))
    const row = element("li")
    row.append(made)
    return row
  }

  #mark(node, kind = "fact") {
    if (kind === "proposed") return element("span", "dash")
    const dot = element("span", "dot")
    dot.style.background = this.#colour(node)
    return dot
  }

  #proposed() {
    const { predicted } = this.data
    this.proposals.hidden = !predicted.length
    if (!predicted.length) return this.proposals.replaceChildren()
    const list = element("ul")
    for (const one of predicted.slice(0, 8)) {
      const [head, tail] = [one.head, one.tail].map((id) => this.byId.get(id)?.label ?? id)
      const number = typeof one.probability === "number" ? one.probability.toFixed(2) : ""
      list.append(this.#row(`${head} → ${one.relation} → ${tail}`, number, this.#mark(one, "proposed"), () => this.#select(edgeId(one, "proposed"))))
    }
    this.proposals.replaceChildren(element("b", "", `${this.words.proposals} (${predicted.length})`), list)
  }

  #list(typed = false) {
    const { words, data } = this
    if (typed) this.rows = ROWS
    this.search.placeholder = words.search
    this.search.setAttribute("aria-label", words.search)
    const asked = this.search.value.trim().toLowerCase()
    const off = new Set(data.types_off)
    const fits = data.nodes.filter((one) => !off.has(one.type ?? "") && (!asked || one.label.toLowerCase().includes(asked) || one.id.toLowerCase().includes(asked)))
    const by = data.scale.high !== undefined ? (one) => one.value ?? -1 : (one) => one.degree ?? 0
    fits.sort((a, b) => (b.total !== null) - (a.total !== null) || by(b) - by(a))
    const rows = fits.slice(0, this.rows).map((one) => {
      const number = data.scale.high !== undefined && typeof one.value === "number" ? short(one.value) : String(one.degree ?? "")
      const row = this.#row(one.label, number, this.#mark(one), (event) => this.#select(one.id, { more: event.ctrlKey || event.metaKey || event.shiftKey }), { "aria-pressed": "false" })
      row.firstChild.dataset.id = one.id
      return row
    })
    if (fits.length > this.rows) {
      const more = element("li")
      more.append(button(words.more, () => {
        this.rows += 4 * ROWS
        this.#list()
      }))
      rows.push(more)
    }
    if (!rows.length) rows.push(element("li", "quiet", words.none))
    const kept = this.found.scrollTop
    this.found.replaceChildren(...rows)
    this.found.scrollTop = kept
    this.heading ??= element("b")
    this.heading.textContent = `${words.drawn} (${fits.length.toLocaleString()})`
    if (!this.search.isConnected) this.list.replaceChildren(this.heading, this.search, this.found)
    this.#pressed()
  }

  #pressed() {
    const chosen = new Set(this.drawing.cy.nodes(":selected").map((one) => one.id()))
    for (const one of this.found.querySelectorAll("button[data-id]")) one.setAttribute("aria-pressed", String(chosen.has(one.dataset.id)))
  }

  #legend() {
    const { words, data } = this
    const rows = []
    const counts = (items) => [...items.reduce((found, name) => found.set(name, (found.get(name) ?? 0) + 1), new Map())].sort((a, b) => b[1] - a[1])
    if (data.scale.high !== undefined) {
      const row = element("div", "legend")
      const bar = element("span", "ramp")
      bar.style.background = RAMP_CSS
      row.append(element("b", "", data.scale.name), element("span", "quiet", short(data.scale.low)), bar, element("span", "quiet", short(data.scale.high)))
      rows.push(row)
    }
    rows.push(this.#toggles(words.types, counts([...data.nodes.map((one) => one.type ?? "")]), data.types_off, "type", (name) => {
      if (data.colour !== "type") return null
      const dot = element("span", "dot")
      dot.style.background = name ? this.types.of(name) : NOTHING
      return dot
    }))
    rows.push(this.#toggles(words.relations, counts(data.edges.map((one) => one.relation)), data.relations_off, "relation", () => null))
    this.legends.replaceChildren(...rows)
  }

  #toggles(title, counted, off, kind, mark) {
    const row = element("div", "legend", "", { role: "group", "aria-label": title })
    row.append(element("b", "", title))
    const names = new Map(counted)
    for (const name of off) if (!names.has(name)) names.set(name, 0)
    for (const [name, count] of names) {
      const shown = name || this.words.no_type
      const made = button("", () => this.#act("toggle", { kind, name }), {
        set: { "aria-pressed": String(!off.includes(name)), title: shown.slice(0, 300) },
      })
      const drop = mark(name)
      if (drop) made.append(drop)
      made.append(element("span", "", shown))
      if (count) made.append(element("span", "number", count.toLocaleString()))
      row.append(made)
    }
    return row
  }
}

