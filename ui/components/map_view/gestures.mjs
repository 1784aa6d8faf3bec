// Mouse, touch and keys on the map's canvas, as what they mean.
const STEP = 60 // pixels that an arrow key moves
const STILL = 4 // pixels a pointer may move in a click

export function gestures(canvas, act) {
  const down = new Map() // pointer -> where it is
  let begun = null
  let path = null
  let how = "new"
  let pinch = 0
  const stop = new AbortController()
  const on = (name, heard, options = {}) => canvas.addEventListener(name, heard, { signal: stop.signal, ...options })
  const place = (event) => [event.offsetX, event.offsetY]

  on("pointerdown", (event) => {
    if (event.button !== 0) return
    canvas.setPointerCapture(event.pointerId)
    down.set(event.pointerId, place(event))
    if (down.size === 2) {
      path = null
      act.lassoing([])
      pinch = spread()
      return
    }
    begun = place(event)
    how = event.shiftKey ? "add" : event.altKey ? "remove" : "new"
    path = act.mode() === "lasso" || event.shiftKey || event.altKey ? [begun] : null
  })

  on("pointermove", (event) => {
    const at = place(event)
    if (!down.has(event.pointerId)) return act.hover(...at)
    const [x, y] = down.get(event.pointerId)
    down.set(event.pointerId, at)
    if (down.size === 2) {
      const [a, b] = [...down.values()]
      const now = spread()
      if (pinch > 0) act.zoom(now / pinch, (a[0] + b[0]) / 2, (a[1] + b[1]) / 2)
      act.pan((at[0] - x) / 2, (at[1] - y) / 2)
      pinch = now
    } else if (path) {
      path.push(at)
      act.lassoing(path)
    } else if (begun && far(at)) act.pan(at[0] - x, at[1] - y)
  })

  const up = (event) => {
    if (!down.delete(event.pointerId)) return
    if (down.size) return
    const still = begun && !far(place(event))
    if (path) {
      const drawn = path
      path = null
      act.lassoing([])
      if (!still) act.lassoed(drawn, how)
      else act.tap(...place(event))
    } else if (still) act.tap(...place(event))
    begun = null
  }
  on("pointerup", up)
  on("pointercancel", (event) => {
    down.delete(event.pointerId)
    path = null
    begun = null
    act.lassoing([])
  })
  on("pointerleave", () => down.size || act.leave())
  on("dblclick", (event) => act.open(...place(event)))
  // A wheel over the map scrolls the page, as everywhere, until the map was clicked or Ctrl is held.
  on(
    "wheel",
    (event) => {
      if (!event.ctrlKey && canvas.getRootNode().activeElement !== canvas) return
      event.preventDefault()
      act.zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0016)), ...place(event))
    },
    { passive: false },
  )
  on("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const keys = {
      ArrowLeft: () => act.pan(STEP, 0),
      ArrowRight: () => act.pan(-STEP, 0),
      ArrowUp: () => act.pan(0, STEP),
      ArrowDown: () => act.pan(0, -STEP),
      "+": () => act.zoom(1.4),
      "=": () => act.zoom(1.4),
      "-": () => act.zoom(1 / 1.4),
      0: () => act.whole(),
      Escape: () => act.clear(),
    }
    if (!keys[event.key]) return
    event.preventDefault()
    keys[event.key]()
  })

  const far = ([x, y]) => begun && Math.hypot(x - begun[0], y - begun[1]) > STILL
  function spread() {
    const [a, b] = [...down.values()]
    return Math.hypot(a[0] - b[0], a[1] - b[1])
  }
  return () => stop.abort()
}
