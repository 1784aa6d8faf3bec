// The picture: Cytoscape.js draws, what is arranged comes from arranging.js.
import cytoscape from "./vendor/cytoscape.mjs"
import { arranged } from "./arranging.js"
import { NOTHING, PROPOSED } from "./colours.js"

const MANY = 1200 // from here on, detail is left out while the picture moves
const VERY_MANY = 2500 // from here on, what is added is set around its neighbour

const NAMED = 24 // up to so many facts have their names all the time

export class Drawing {
  constructor(place) {
    this.place = place
    this.cy = cytoscape({
      container: place,
      minZoom: 0.03,
      maxZoom: 4,
      boxSelectionEnabled: true,
      userZoomingEnabled: false,
      layout: { name: "preset" },
    })
    this.looks()
  }

  // The page may have turned from light to dark.
  looks() {
    const said = getComputedStyle(this.place)
    const of = (name, otherwise) => said.getPropertyValue(name).trim() || otherwise
    const text = of("--st-text-color", "#15211f")
    const back = of("--st-background-color", "#ffffff")
    const mark = of("--st-primary-color", "#0f766e")
    const key = [text, back, mark].join()
    if (key === this.key) return
    this.key = key
    this.back = back
    this.text = text
    const font = of("--st-font", "sans-serif")
    this.cy.style([
      {
        selector: "node",
        style: {
          width: "data(size)", height: "data(size)", "background-color": "data(colour)",
          label: "data(shown)", color: text, "font-family": font, "font-size": 11,
          "text-valign": "bottom", "text-margin-y": 4, "min-zoomed-font-size": 8,
          "text-max-width": 110, "text-wrap": "ellipsis",
          "text-background-color": back, "text-background-opacity": 0.75, "text-background-padding": 1,
          "border-width": 1.5, "border-color": back,
        },
      },
      {
        selector: "node[image]",
        style: {
          "background-image": "data(image)", "background-fit": "cover", "background-color": back,
          "border-width": 3, "border-color": "data(colour)",
        },
      },
      { selector: "node.expanded", style: { "border-width": 4, "border-color": "data(colour)", "font-weight": 700, "font-size": 13 } },
      { selector: "node.pinned", style: { shape: "round-rectangle" } },
      {
        selector: "edge",
        style: {
          width: 1.4, "line-color": "data(colour)", "curve-style": "bezier", opacity: 0.62,
          "target-arrow-shape": "triangle", "target-arrow-color": "data(colour)", "arrow-scale": 0.8,
        },
      },
      { selector: "edge.plain", style: { "curve-style": "haystack", "haystack-radius": 0, opacity: 0.4, width: 1 } },
      {
        selector: "edge.told, edge:selected, edge.near",
        style: {
          label: "data(relation)", "font-size": 9, color: text, "text-rotation": "autorotate",
          "min-zoomed-font-size": 7, "font-family": font, "text-background-color": back,
          "text-background-opacity": 0.85, "text-background-padding": 1,
        },
      },
      { selector: "edge.way", style: { width: 3.5, opacity: 1, "line-color": mark, "target-arrow-color": mark } },
      {
        selector: "edge.proposed",
        style: {
          "line-style": "dashed", "line-color": PROPOSED, "target-arrow-color": PROPOSED,
          width: 2, opacity: 0.95, "curve-style": "bezier",
        },
      },
      { selector: "edge.near", style: { opacity: 1, width: 2 } },
      { selector: "edge:selected", style: { width: 4, opacity: 1, "line-color": mark, "target-arrow-color": mark } },
      { selector: "node:selected", style: { "overlay-color": mark, "overlay-opacity": 0.22, "overlay-padding": 6, "font-weight": 700 } },
      { selector: ".off", style: { display: "none" } },
    ])
  }

  has(id) {
    return this.cy.hasElementWithId(id)
  }

  // nodes: {id, label, size, colour, image, expanded, pinned, off}; edges: {id, source, target,
  // relation, colour, way, proposed, off}. Says whether something came or went.
  put(nodes, edges) {
    const { cy } = this
    const wanted = new Set([...nodes, ...edges].map((one) => one.id))
    const there = new Set()
    const fresh = []
    cy.batch(() => {
      cy.remove(cy.elements().filter((one) => {
        const stays = wanted.has(one.id())
        if (stays) there.add(one.id())
        return !stays
      }))
      const plain = edges.length > MANY
      const told = edges.length <= NAMED
      const add = []
      for (const one of nodes) {
        const data = { id: one.id, shown: one.label, size: one.size, colour: one.colour }
        if (one.image) data.image = one.image
        const classes = names({ expanded: one.expanded, pinned: one.pinned, off: one.off })
        if (there.has(one.id)) this.#change(one.id, data, classes)
        else {
          add.push({ group: "nodes", data, classes })
          fresh.push(one.id)
        }
      }
      for (const one of edges) {
        const { id, source, target, relation, colour } = one
        const classes = names({ way: one.way, proposed: one.proposed, off: one.off, plain: plain && !one.proposed, told })
        if (there.has(id)) this.#change(id, { colour: colour ?? NOTHING }, classes)
        else add.push({ group: "edges", data: { id, source, target, relation, colour: colour ?? NOTHING }, classes })
      }
      cy.add(add)
    })
    const draws = cy.renderer()
    draws.hideEdgesOnViewport = edges.length > 2 * MANY
    draws.textureOnViewport = nodes.length > MANY
    this.nearby()
    return { fresh, first: fresh.length > 0 && fresh.length === nodes.length }
  }

  // Each change costs the element's style anew, so what is as it was is left alone.
  #change(id, data, classes) {
    const one = this.cy.getElementById(id)
    const has = one.data()
    if (Object.keys(data).some((name) => has[name] !== data[name])) one.data(data)
    const names = one.classes().filter((name) => name !== "near")
    if (names.length !== classes.length || classes.some((name) => !one.hasClass(name))) one.classes(classes)
  }

  // Arrange what is new around what is there already, or everything.
  arrange({ fresh, all, pinned }) {
    const { cy } = this
    const count = cy.nodes().length
    if (!count) return
    const isFresh = new Set(fresh)
    if (!all) {
      this.#beside(fresh)
      if (count > VERY_MANY || !fresh.length) return this.reach(fresh)
    }
    const nodes = cy.nodes().map((one) => ({
      id: one.id(), ...one.position(), size: one.data("size"), fixed: all ? pinned.has(one.id()) : !isFresh.has(one.id()),
    }))
    const edges = cy.edges().map((one) => ({ source: one.data("source"), target: one.data("target") }))
    cy.batch(() => {
      for (const { id, x, y } of arranged(nodes, edges, all)) cy.getElementById(id).position({ x, y })
    })
    if (all) this.fit()
    else this.reach(fresh)
  }

  // These are not to lie out of sight: where one does, `middle` or everything is moved to.
  reach(ids, middle = null) {
    const { x1, y1, x2, y2 } = this.cy.extent()
    const out = ids.some((id) => {
      const one = this.cy.getElementById(id)
      if (!one.isNode()) return false
      const { x, y } = one.position()
      return x < x1 || x > x2 || y < y1 || y > y2
    })
    if (out && middle) this.cy.center(middle)
    else if (out) this.fit()
  }

  #beside(ids) {
    const isFresh = new Set(ids)
    const box = this.cy.nodes().filter((one) => !isFresh.has(one.id())).boundingBox()
    const around = new Map() // parent -> how many were set beside it
    this.cy.batch(() => {
      for (const id of ids) {
        const node = this.cy.getElementById(id)
        const parent = node.neighborhood("node").filter((one) => !isFresh.has(one.id())).first()
        const which = around.get(parent.id()) ?? 0
        around.set(parent.id(), which + 1)
        const middle = parent.nonempty() ? parent.position() : { x: box.x2 + 120, y: box.y1 + 60 }
        const angle = which * 2.39996 // the golden angle: none on top of another
        const far = 90 + 12 * Math.sqrt(which) * 2
        node.position({ x: middle.x + far * Math.cos(angle), y: middle.y + far * Math.sin(angle) })
      }
    })
  }

  // The facts of what is selected stand out, with their names.
  nearby() {
    this.cy.batch(() => {
      this.cy.edges(".near").removeClass("near")
      const chosen = this.cy.nodes(":selected")
      if (chosen.length && chosen.length <= 3) {
        const edges = chosen.connectedEdges()
        if (edges.length <= 120) edges.addClass("near")
      }
    })
  }

  fit() {
    const shown = this.cy.elements().not(".off")
    if (shown.empty()) return
    this.cy.fit(shown, 36)
    if (this.cy.zoom() > 1.6) {
      this.cy.zoom(1.6)
      this.cy.center(shown)
    }
  }

  zoom(times) {
    const { width, height } = this.place.getBoundingClientRect()
    this.cy.zoom({ level: this.cy.zoom() * times, renderedPosition: { x: width / 2, y: height / 2 } })
  }

  end() {
    this.cy.destroy()
  }
}

function names(of) {
  return Object.keys(of).filter((name) => of[name])
}
