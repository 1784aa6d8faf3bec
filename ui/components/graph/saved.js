// The picture as a file: PNG, SVG, JSON.
const SVG = "http://www.w3.org/2000/svg"

export function save(kind, drawing, data) {
  if (kind === "PNG") {
    const scale = drawing.cy.nodes().length > 1500 ? 1 : 2
    const made = drawing.cy.png({ full: true, scale, maxWidth: 8000, maxHeight: 8000, bg: drawing.back, output: "blob" })
    hand(made, "graph.png")
  } else if (kind === "SVG") {
    const text = new XMLSerializer().serializeToString(svg(drawing))
    hand(new Blob([text], { type: "image/svg+xml" }), "graph.svg")
  } else {
    hand(new Blob([JSON.stringify(json(drawing, data), null, 1)], { type: "application/json" }), "graph.json")
  }
}

function hand(blob, name) {
  const link = document.createElement("a")
  link.href = URL.createObjectURL(blob)
  link.download = name
  document.body.append(link)
  link.click()
  link.remove()
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}

function json(drawing, data) {
  const places = new Map(drawing.cy.nodes().map((one) => [one.id(), one.position()]))
  const round = (value) => Math.round(value * 10) / 10
  return {
    nodes: data.nodes.map(({ id, label, type, degree, value, pinned }) => {
      const { x, y } = places.get(id) ?? { x: 0, y: 0 }
      return { id, label, type, degree, value, pinned, x: round(x), y: round(y) }
    }),
    edges: data.edges.map(({ head, relation, tail, value }) => ({ head, relation, tail, value })),
    proposed: data.predicted.map(({ head, relation, tail, probability }) => ({ head, relation, tail, probability })),
  }
}

function svg({ cy, back, text }) {
  const shown = cy.elements().not(".off")
  const box = shown.nonempty() ? shown.boundingBox() : { x1: 0, y1: 0, w: 100, h: 100 }
  const pad = 30
  const made = tag("svg", {
    xmlns: SVG, width: box.w + 2 * pad, height: box.h + 2 * pad,
    viewBox: [box.x1 - pad, box.y1 - pad, box.w + 2 * pad, box.h + 2 * pad].join(" "),
    "font-family": "sans-serif", "font-size": 11,
  })
  made.append(tag("rect", { x: box.x1 - pad, y: box.y1 - pad, width: box.w + 2 * pad, height: box.h + 2 * pad, fill: back }))
  for (const edge of cy.edges().not(".off")) {
    if (edge.source().hasClass("off") || edge.target().hasClass("off")) continue
    made.append(...line(edge))
    if (edge.style("label")) made.append(words(edge.data("relation"), edge.midpoint(), { fill: text, back, size: 9, turn: slope(edge) }))
  }
  let number = 0
  for (const node of cy.nodes().not(".off")) {
    const { x, y } = node.position()
    const r = node.width() / 2
    made.append(tag("circle", { cx: x, cy: y, r, fill: node.data("image") ? back : node.data("colour"), stroke: node.data("image") ? node.data("colour") : back, "stroke-width": node.data("image") ? 3 : 1.5 }))
    if (node.data("image")) {
      const id = `round-${number++}`
      const clip = tag("clipPath", { id })
      clip.append(tag("circle", { cx: x, cy: y, r: r - 1 }))
      made.append(clip, tag("image", { href: node.data("image"), x: x - r, y: y - r, width: 2 * r, height: 2 * r, preserveAspectRatio: "xMidYMid slice", "clip-path": `url(#${id})` }))
    }
    made.append(words(node.data("shown"), { x, y: y + r + 13 }, { fill: text, back, size: 11 }))
  }
  return made
}

function line(edge) {
  const from = edge.source().position()
  const to = edge.target().position()
  const colour = edge.style("line-color")
  const drawn = { fill: "none", stroke: colour, "stroke-width": edge.width(), "stroke-opacity": edge.style("opacity") }
  if (edge.hasClass("proposed")) drawn["stroke-dasharray"] = "6 4"
  if (edge.source().same(edge.target())) {
    const r = edge.source().width() / 2
    return [tag("circle", { ...drawn, cx: from.x - r, cy: from.y - r, r })]
  }
  const bends = edge.controlPoints() ?? []
  const curve = bends.length === 1 ? `Q ${bends[0].x} ${bends[0].y} ` : "L "
  const last = bends.at(-1) ?? from
  const length = Math.hypot(to.x - last.x, to.y - last.y) || 1
  const [dx, dy] = [(to.x - last.x) / length, (to.y - last.y) / length]
  const r = edge.target().width() / 2 + 2
  const tip = { x: to.x - dx * r, y: to.y - dy * r }
  const foot = { x: tip.x - dx * 7, y: tip.y - dy * 7 }
  const wings = [1, -1].map((side) => `${foot.x - side * dy * 3.5},${foot.y + side * dx * 3.5}`)
  return [
    tag("path", { ...drawn, d: `M ${from.x} ${from.y} ${curve}${foot.x} ${foot.y}` }),
    tag("polygon", { points: `${tip.x},${tip.y} ${wings.join(" ")}`, fill: colour, "fill-opacity": edge.style("opacity") }),
  ]
}

// Degrees along a line, so that its words are not upside down.
function slope(edge) {
  const from = edge.source().position()
  const to = edge.target().position()
  const turn = (Math.atan2(to.y - from.y, to.x - from.x) * 180) / Math.PI
  return turn > 90 ? turn - 180 : turn < -90 ? turn + 180 : turn
}

function words(said, { x, y }, { fill, back, size, turn = 0 }) {
  const made = tag("text", {
    x, y, fill, "font-size": size, "text-anchor": "middle",
    stroke: back, "stroke-width": 2.5, "paint-order": "stroke", "stroke-linejoin": "round",
  })
  if (turn) {
    made.setAttribute("dominant-baseline", "central")
    made.setAttribute("transform", `rotate(${turn.toFixed(1)} ${x} ${y})`)
  }
  // Signs that XML does not know would make the file unreadable.
  const cut = said.length > 60 ? `${said.slice(0, 59)}…` : said
  made.textContent = cut.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "")
  return made
}

function tag(name, set) {
  const made = document.createElementNS(SVG, name)
  for (const [key, value] of Object.entries(set)) made.setAttribute(key, value)
  return made
}
