// The map itself: what is shown, what is selected, and what Python is told.
import * as shared from "./shared.mjs"
import { css, table } from "./colours.mjs"
import { flat } from "./flat.mjs"
import { gestures } from "./gestures.mjs"
import { webgl } from "./gl.mjs"
import { Grid, SPAN, simplified } from "./grid.mjs"
import { drawing, legend } from "./legend.mjs"
import { overlay } from "./overlay.mjs"

const CORNERS = 64
const MARGIN = 34 // pixels around the whole map
const TOOLS = 34
const NEAR = 90 // so many points in view have room for names and pictures
const LIT_SHOWN = 200
const ARROWS = 140
const SLIDE = 800 // milliseconds from one run to the next
const NOWHERE = 65535
const ICONS = {
  pan: ["M12 3v18", "M3 12h18", "M9 6l3-3 3 3", "M9 18l3 3 3-3", "M6 9l-3 3 3 3", "M18 9l3 3-3 3"],
  lasso: ["M12 4c5 0 9 2.500 9 6s-4 6-9 6-9-2.500-9-6 4-6 9-6z", "M7 15.500c-1.800.500-2 2.500-.500 3s2-1 1.500-2.500", "M6.500 18.500C6 20 5 21 3.500 21"],
  view: ["M4 9V4h5", "M15 4h5v5", "M20 15v5h-5", "M9 20H4v-5", "M9 12l2.200 2.200L15.500 10"],
  closer: ["M12 5v14", "M5 12h14"],
  farther: ["M5 12h14"],
  whole: ["M4 9V4h5", "M15 4h5v5", "M20 15v5h-5", "M9 20H4v-5"],
  none: ["M6 6l12 12", "M18 6L6 18"],
}

export function makeView(parent) {
  const element = (name, kind = "") => {
    const made = document.createElement(name)
    if (kind) made.className = kind
    return made
  }
  const root = element("div", "map")
  const stage = element("div", "stage")
  let canvas = element("canvas", "points")
  const above = element("canvas", "above")
  above.tabIndex = 0
  above.setAttribute("role", "application")
  const tools = element("div", "tools")
  tools.setAttribute("role", "toolbar")
  const tip = element("div", "tip")
  tip.hidden = true
  const status = element("div", "status")
  status.setAttribute("role", "status")
  const said = element("div", "said")
  said.hidden = true
  const side = element("div", "side")
  side.setAttribute("role", "group")
  stage.append(canvas, above, tools, tip, status, said)
  root.append(stage, side)
  parent.append(root) // beside its style sheet

  let data = null // what the map is, as Python tells
  let select = null // what Python has as selected
  let trigger = null
  let renderer = null
  let points = null
  let codes = null
  let grid = null
  let flags = null
  let before = null
  let selected = 0
  let selectionId = ""
  let heard = "" // the selection that Python named last
  let chosen = null // the code of the legend's entry that is selected
  let mode = "pan"
  let lasso = null
  let hovered = -1
  let pinned = false
  let near = []
  let arrows = null
  let mixed = 1
  let drawnMap = ""
  let frame = 0
  let settle = 0
  let asked = new Set()
  let lost = 0
  let litNow = []
  const ours = new Set() // the selections that were made here
  const hiddenOf = new Map() // colouring -> the codes that are hidden
  let bounds = [0, 0, 1, 1] // of the points, in shares of the frame
  const camera = { x: 0.5, y: 0.5, zoom: 0 }
  const styles = getComputedStyle(root)
  const style = (name) => styles.getPropertyValue(name).trim()
  const lines = overlay(above, style)
  const entries = legend(side, element, { select: selectEntry, hide: hideEntry })
  const buttons = {}
  for (const name of Object.keys(ICONS)) {
    const made = element("button", name)
    made.type = "button"
    made.append(drawing(ICONS[name]))
    buttons[name] = made
    tools.append(made)
  }
  buttons.pan.onclick = () => turn("pan")
  buttons.lasso.onclick = () => turn("lasso")
  buttons.view.onclick = selectView
  buttons.closer.onclick = () => zoomBy(1.6)
  buttons.farther.onclick = () => zoomBy(1 / 1.6)
  buttons.whole.onclick = whole
  buttons.none.onclick = clear

  choose()
  const sizes = new ResizeObserver(() => {
    if (!camera.zoom) whole()
    else moved()
  })
  sizes.observe(stage)
  const unlisten = shared.listen(refresh)
  const stop = gestures(above, {
    size,
    mode: () => mode,
    pan(dx, dy) {
      camera.x -= dx / camera.zoom
      camera.y -= dy / camera.zoom
      moved()
    },
    zoom: (factor, x, y) => zoomBy(factor, x, y),
    hover,
    leave() {
      if (!pinned) hide()
    },
    tap,
    open: (x, y) => openPoint(pick(x, y)),
    whole,
    clear,
    lassoing(path) {
      lasso = path.map(([x, y]) => unscreen(x, y))
      draw()
    },
    lassoed(path, how) {
      lasso = null
      if (path.length > 2) selectInside(simplified(path.map(([x, y]) => unscreen(x, y)), CORNERS), how)
      draw()
    },
  })

  // ---- the picture

  function choose(plain = false) {
    renderer = plain ? null : webgl(canvas, globalThis.KG_MAP_SOFTWARE_GL === true)
    if (!renderer) {
      if (canvas.getContext("2d") === null) swapCanvas()
      renderer = flat(canvas)
    } else {
      canvas.addEventListener("webglcontextlost", (event) => {
        event.preventDefault()
        tell("lost")
        lost = setTimeout(() => {
          swapCanvas()
          choose(true)
          feed()
          tell(null)
        }, 4000)
      })
      canvas.addEventListener("webglcontextrestored", () => {
        clearTimeout(lost)
        renderer.restore()
        tell(null)
        draw()
      })
    }
    root.dataset.renderer = renderer.name
  }

  // A canvas that was one of WebGL never becomes a plain one.
  function swapCanvas() {
    const next = element("canvas", "points")
    canvas.replaceWith(next)
    canvas = next
  }

  function tell(name) {
    said.hidden = name === null && renderer.name === "webgl2"
    said.textContent = data ? data.words[name ?? "plain"] : ""
  }

  function feed() {
    if (!points) return
    renderer.set("points", points)
    renderer.set("before", before ?? points)
    renderer.set("codes", codes)
    renderer.set("flags", flags)
    draw()
  }

  function size() {
    return [stage.clientWidth || 1, stage.clientHeight || 1]
  }

  function screen(x, y) {
    const [width, height] = size()
    return [(x / SPAN - camera.x) * camera.zoom + width / 2, (y / SPAN - camera.y) * camera.zoom + height / 2]
  }

  function unscreen(x, y) {
    const [width, height] = size()
    return [
      ((x - width / 2) / camera.zoom + camera.x) * SPAN,
      ((y - height / 2) / camera.zoom + camera.y) * SPAN,
    ]
  }

  function dotSize() {
    const [width, height] = size()
    const room = Math.sqrt((width * height) / Math.max(1, points.length / 2))
    const base = Math.max(1.6, Math.min(7, room * 0.22))
    return Math.min(13, base * Math.max(1, camera.zoom / Math.min(width, height)) ** 0.45)
  }

  const hidden = () => {
    // By the part that stays: what is hidden stays so when others come.
    const name = data.parts[data.colour.column]?.[0] ?? data.colour.column
    if (!hiddenOf.has(name)) hiddenOf.set(name, new Set())
    return hiddenOf.get(name)
  }

  function draw() {
    if (!frame) frame = requestAnimationFrame(paint)
  }

  function paint() {
    frame = 0
    if (!points || !data) return
    const [width, height] = size()
    const ratio = Math.min(2, globalThis.devicePixelRatio || 1)
    const marked = selected > 0 || data.lit.points.length > 0
    const count = points.length / 2
    renderer.draw({
      centre: [camera.x, camera.y],
      zoom: camera.zoom,
      width,
      height,
      ratio,
      colours: table(data.colour.measure, hidden(), count > 60000 ? 0.7 : 0.9),
      size: dotSize(),
      faint: count > 60000 ? 0.16 : 0.22,
      mixed,
      marked,
    })
    const at = (i) => ({ i, x: points[2 * i], y: points[2 * i + 1] })
    const radius = dotSize() / 2 + 3
    lines.draw({
      width,
      height,
      ratio,
      screen,
      clusters: near.length ? [] : data.clusters,
      near,
      named: shared.namesOf(data.map),
      hovered: hovered >= 0 ? { ...at(hovered), radius } : null,
      lit: data.lit.points.slice(0, LIT_SHOWN).map(at),
      arrows: mixed === 1 ? arrows : null,
      lasso,
      ready: draw,
      reserved: [0, 0, tools.offsetLeft + tools.offsetWidth + 4, tools.offsetTop + tools.offsetHeight + 4],
      colourOf: (i) => css(codes[i], data.colour.measure),
      isFaint: (i) => marked && !flags[i],
    })
    root.dataset.drawn = count
  }

  function moved() {
    const [width, height] = size()
    const least = Math.min(width, height) * 0.4
    camera.zoom = Math.max(least, Math.min(least * 10000, camera.zoom))
    camera.x = Math.max(-0.2, Math.min(1.2, camera.x))
    camera.y = Math.max(-0.2, Math.min(1.2, camera.y))
    if (pinned || hovered >= 0) hide()
    near = []
    draw()
    clearTimeout(settle)
    settle = setTimeout(settled, 160)
  }

  function zoomBy(factor, x, y) {
    const [width, height] = size()
    const [ax, ay] = unscreen(x ?? width / 2, y ?? height / 2)
    camera.zoom *= factor
    moved()
    const [bx, by] = unscreen(x ?? width / 2, y ?? height / 2)
    camera.x += (ax - bx) / SPAN
    camera.y += (ay - by) / SPAN
    moved()
  }

  function whole() {
    const [width, height] = size()
    const left = MARGIN + TOOLS
    const [x0, y0, x1, y1] = bounds
    const [wide, high] = [Math.max(width / 4, width - left - MARGIN), Math.max(height / 4, height - 2 * MARGIN)]
    camera.zoom = Math.min(wide / Math.max(0.02, x1 - x0), high / Math.max(0.02, y1 - y0), 20 * wide)
    camera.x = (x0 + x1) / 2 - (left - MARGIN) / 2 / camera.zoom
    camera.y = (y0 + y1) / 2
    moved()
  }

  // Names and pictures, where there is room for them; arrows of what moved farthest.
  function settled() {
    if (!points || !grid) return
    const [width, height] = size()
    const [left, top] = unscreen(0, 0)
    const [right, bottom] = unscreen(width, height)
    const away = hidden()
    const found = []
    grid.within(left, top, right, bottom, (i) => {
      if (!away.has(codes[i])) found.push(i)
      return found.length > NEAR
    })
    near = []
    if (found.length <= NEAR) {
      const side = Math.max(22, Math.min(64, Math.sqrt((width * height) / Math.max(1, found.length)) * 0.42))
      near = found.map((i) => ({ i, x: points[2 * i], y: points[2 * i + 1], side }))
      const known = shared.namesOf(data.map)
      askFor(found.filter((i) => !known.get(i)?.seen), true)
    }
    arrows = data.before && before ? farthest(left, top, right, bottom, away) : null
    draw()
  }

  function farthest(left, top, right, bottom, away) {
    const found = []
    grid.within(left, top, right, bottom, (i) => {
      if (!away.has(codes[i]) && before[2 * i] !== NOWHERE) {
        const far = Math.hypot(points[2 * i] - before[2 * i], points[2 * i + 1] - before[2 * i + 1])
        if (far > SPAN / 400) found.push([far, i])
      }
      return false
    })
    found.sort((a, b) => b[0] - a[0])
    return found.slice(0, ARROWS).map(([, i]) => [before[2 * i], before[2 * i + 1], points[2 * i], points[2 * i + 1]])
  }

  function askFor(wanted, pictures) {
    const fresh = wanted.filter((i) => !asked.has(`${i}/${pictures}`))
    if (!fresh.length) return
    for (const i of fresh) asked.add(`${i}/${pictures}`)
    shared.askNames(data.map, fresh, pictures)
  }

  // ---- pointing

  function pick(x, y) {
    if (!grid) return -1
    const [dataX, dataY] = unscreen(x, y)
    const reach = ((dotSize() / 2 + 5) / camera.zoom) * SPAN
    const away = hidden()
    return grid.nearest(dataX, dataY, reach, (i) => !away.has(codes[i]))
  }

  function hover(x, y) {
    if (pinned || !points) return
    const found = pick(x, y)
    if (found === hovered) return
    hovered = found
    showTip()
    draw()
  }

  function tap(x, y) {
    pinned = false
    hovered = pick(x, y)
    pinned = hovered >= 0
    showTip()
    draw()
  }

  function hide() {
    hovered = -1
    pinned = false
    showTip()
    draw()
  }

  function showTip() {
    tip.hidden = hovered < 0
    above.style.cursor = mode === "lasso" ? "crosshair" : hovered >= 0 ? "pointer" : "grab"
    if (hovered < 0) return
    const known = shared.namesOf(data.map).get(hovered)
    if (!known) askAround(hovered)
    tip.replaceChildren()
    if (known?.image) {
      const image = element("img")
      image.src = known.image
      image.alt = ""
      tip.append(image)
    }
    const text = element("div", "text")
    const name = element(known?.id ? "a" : "b")
    name.textContent = known ? known.label : "…"
    if (known?.id) {
      name.href = `entity?id=${encodeURIComponent(known.id)}`
      name.onclick = (event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return
        event.preventDefault()
        trigger("opened", hovered)
      }
    }
    const kind = element("span")
    kind.textContent = [known?.kind, entryOf(codes[hovered])].filter((each, i, all) => each && all.indexOf(each) === i).join(" · ")
    text.append(name, kind)
    tip.append(text)
    const [x, y] = screen(points[2 * hovered], points[2 * hovered + 1])
    const [width, height] = size()
    tip.style.left = `${Math.max(4, Math.min(width - tip.offsetWidth - 4, x + 12))}px`
    tip.style.top = `${Math.max(4, Math.min(height - tip.offsetHeight - 4, y + 12))}px`
  }

  function askAround(point) {
    const [x, y] = [points[2 * point], points[2 * point + 1]]
    const reach = (60 / camera.zoom) * SPAN
    const around = [point]
    const known = shared.namesOf(data.map)
    grid.within(x - reach, y - reach, x + reach, y + reach, (i) => {
      if (i !== point && !known.has(i)) around.push(i)
      return around.length >= 40
    })
    askFor(around, false)
  }

  function openPoint(point) {
    if (point >= 0) trigger("opened", point)
  }

  const entryOf = (code) => data.colour.legend.find((e) => e.first <= code && code <= e.last)?.label ?? ""

  // ---- selecting

  function turn(next) {
    mode = next
    for (const name of ["pan", "lasso"]) buttons[name].setAttribute("aria-pressed", String(mode === name))
    above.style.cursor = mode === "lasso" ? "crosshair" : "grab"
  }

  function mark(how, chooseThem) {
    const next = how === "add" || how === "remove" ? flags.map((flag) => flag & 1) : new Uint8Array(flags.length)
    chooseThem((i) => (next[i] = how === "remove" ? 0 : 1))
    flags = next
    recount()
  }

  function recount() {
    selected = 0
    for (let i = 0; i < flags.length; i++) selected += flags[i]
    lightUp()
    renderer.set("flags", flags)
    buttons.none.disabled = !selected
    showStatus()
    draw()
  }

  // Found things are drawn with what is selected, and are told apart by their rings.
  function lightUp() {
    for (const i of litNow) if (flags[i] === 2) flags[i] = 0
    litNow = data.lit.points
    for (const i of litNow) flags[i] ||= 2
  }

  function selectInside(corners, how) {
    const away = hidden()
    mark(how, (take) => grid.inside(corners, (i) => !away.has(codes[i]) && take(i)))
    chosen = null
    send("lasso", how === "new" && !away.size ? { lasso: corners.map(hex).join("") } : {})
  }

  const hex = (corner) => corner.map((value) => value.toString(16).padStart(4, "0")).join("")

  function selectView() {
    const [width, height] = size()
    const [left, top] = unscreen(0, 0).map((value) => Math.round(Math.max(0, value)))
    const [right, bottom] = unscreen(width, height).map((value) => Math.round(Math.min(SPAN, value)))
    selectInside([[left, top], [right, top], [right, bottom], [left, bottom]], "new")
  }

  function selectEntry(entry) {
    if (chosen === entry.first) return clear()
    mark("new", (take) => {
      for (let i = 0; i < codes.length; i++) if (codes[i] >= entry.first && codes[i] <= entry.last) take(i)
    })
    chosen = entry.first
    send("entry", { column: data.colour.column, first: entry.first, last: entry.last })
    refresh()
  }

  function hideEntry(entry) {
    const away = hidden()
    for (let code = entry.first; code <= entry.last; code++) {
      if (away.has(code)) away.delete(code)
      else away.add(code)
    }
    refresh()
    moved()
  }

  function clear() {
    if (!points) return
    mark("new", () => {})
    chosen = null
    pinned = false
    hide()
    send("none", {})
    refresh()
  }

  async function send(how, more) {
    selectionId = `${Date.now()}-${Math.random()}`
    ours.add(selectionId)
    const id = selectionId
    const bits = new Uint8Array((flags.length + 7) >> 3)
    for (let i = 0; i < flags.length; i++) if (flags[i] & 1) bits[i >> 3] |= 1 << (i & 7)
    const count = countOnes()
    const packed = count ? await compressed(bits) : ""
    if (id === selectionId) trigger("selected", { id, how, count, bits: packed, map: data.map, ...more })
  }

  const countOnes = () => {
    let count = 0
    for (let i = 0; i < flags.length; i++) count += flags[i] & 1
    return count
  }

  async function compressed(bytes) {
    const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"))
    const packed = new Uint8Array(await new Response(stream).arrayBuffer())
    let text = ""
    for (let i = 0; i < packed.length; i += 8192) text += String.fromCharCode(...packed.subarray(i, i + 8192))
    return btoa(text)
  }

  // What Python selected: an address named it, or somebody cleared it there.
  function adopt() {
    if (!select || select.map !== data.map || select.id === heard) return
    heard = select.id
    if (ours.has(select.id)) return // an echo, perhaps a late one
    selectionId = select.id
    chosen = null
    if (select.how === "entry") {
      const of = shared.column(select.column)
      if (!of) {
        heard = "" // its column is still on its way
        return
      }
      mark("new", (take) => {
        for (let i = 0; i < of.length; i++) if (of[i] >= select.first && of[i] <= select.last) take(i)
      })
      if (select.column === data.colour.column) chosen = select.first
    } else if (select.how === "lasso") {
      const numbers = select.lasso.match(/.{4}/g).map((each) => parseInt(each, 16))
      const corners = []
      for (let i = 0; i < numbers.length; i += 2) corners.push([numbers[i], numbers[i + 1]])
      mark("new", (take) => grid.inside(corners, take))
    } else if (select.how === "bits") {
      unpacked(select.bits).then((bits) => {
        if (selectionId !== select.id) return
        mark("new", (take) => {
          for (let i = 0; i < flags.length; i++) if (bits[i >> 3] & (1 << (i & 7))) take(i)
        })
      })
    } else mark("new", () => {})
  }

  async function unpacked(text) {
    const packed = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"))
    return new Uint8Array(await new Response(stream).arrayBuffer())
  }

  // ---- what came

  function boundsOf(all) {
    const found = [SPAN, SPAN, 0, 0]
    for (let i = 0; i < all.length; i += 2) {
      if (all[i] < found[0]) found[0] = all[i]
      if (all[i] > found[2]) found[2] = all[i]
      if (all[i + 1] < found[1]) found[1] = all[i + 1]
      if (all[i + 1] > found[3]) found[3] = all[i + 1]
    }
    return found.map((value) => value / SPAN)
  }

  function showStatus() {
    const whole = data.words.points.replace("{count}", data.numbers.points)
    const ones = countOnes()
    const some = ones ? data.words.selected.replace("{count}", ones.toLocaleString(data.language)) : ""
    status.textContent = [whole, some].filter(Boolean).join(" · ")
  }

  function describe() {
    above.setAttribute("aria-label", data.words.label.replace("{count}", data.numbers.points))
    tools.setAttribute("aria-label", data.words.tools)
    side.setAttribute("aria-label", data.colour.title)
    for (const [name, button] of Object.entries(buttons)) {
      button.title = data.words[name]
      button.setAttribute("aria-label", data.words[name])
    }
    turn(mode)
    tell(null)
  }

  function refresh() {
    const told = shared.about()
    if (!told) return
    if (told !== data) {
      data = told
      describe()
    }
    const there = shared.column(data.columns.points)
    const colours = shared.column(data.colour.column)
    if (!there || !colours || there.length !== 2 * colours.length) {
      root.classList.add("waiting")
      return
    }
    root.classList.remove("waiting")
    const earlier = data.before ? (shared.column(data.before) ?? null) : null
    const other = data.map !== drawnMap || points !== there
    if (other) {
      const slides = data.slide && shared.column(data.slide)
      points = there
      grid = new Grid(points, points.length / 2)
      bounds = boundsOf(points)
      flags = new Uint8Array(points.length / 2)
      litNow = []
      selected = 0
      if (data.map !== drawnMap) {
        asked = new Set()
        selectionId = ""
        heard = ""
        ours.clear()
      }
      drawnMap = data.map
      before = slides || earlier
      codes = colours
      feed()
      if (slides && !matchMedia("(prefers-reduced-motion: reduce)").matches) slide(earlier)
      if (!camera.zoom) whole()
    } else if (codes !== colours || before !== earlier) {
      codes = colours
      if (mixed === 1) before = earlier
      feed()
    }
    adopt()
    lightUp()
    renderer.set("flags", flags)
    recount()
    entries.show({
      colour: data.colour,
      words: data.words,
      hidden: hidden(),
      chosen,
      format: (count) => count.toLocaleString(data.language),
    })
    if (hovered >= 0) showTip()
    clearTimeout(settle)
    settle = setTimeout(settled, 60)
    draw()
  }

  function slide(then) {
    const begun = performance.now()
    mixed = 0
    const step = (now) => {
      const share = Math.min(1, (now - begun) / SLIDE)
      mixed = share * share * (3 - 2 * share)
      if (share < 1) requestAnimationFrame(step)
      else {
        mixed = 1
        before = then
        if (before) renderer.set("before", before)
        settled()
      }
      draw()
    }
    requestAnimationFrame(step)
  }

  return {
    update({ data: next, setTriggerValue }) {
      trigger = setTriggerValue
      select = next.select
      refresh()
    },
    close() {
      stop()
      unlisten()
      sizes.disconnect()
      cancelAnimationFrame(frame)
      clearTimeout(settle)
      clearTimeout(lost)
      renderer.destroy()
      root.remove()
    },
  }
}
