// The same points on a plain canvas, written pixel by pixel: where there is no WebGL, or no card
// behind it. 300,000 points take 40 ms.
import { SPAN } from "./grid.mjs"

export function flat(canvas) {
  const context = canvas.getContext("2d")
  const kept = { points: null, before: null, codes: null, flags: null }
  let image = null
  let pixels = null

  function stamp(size) {
    const rows = []
    const middle = (size - 1) / 2
    for (let y = 0; y < size; y++) {
      const reach = size < 3 ? middle : Math.sqrt(Math.max(0, (size / 2) ** 2 - (y - middle) ** 2))
      const from = Math.ceil(middle - reach - 0.01)
      rows.push([y, Math.max(0, from), Math.min(size - 1, size - 1 - from)])
    }
    return rows
  }

  return {
    name: "canvas",
    set(name, values) {
      kept[name] = values
    },
    restore() {},
    draw({ centre, zoom, width, height, ratio, colours, size, faint, mixed, marked }) {
      if (!kept.points) return
      const wide = Math.max(1, Math.round(width * ratio))
      const high = Math.max(1, Math.round(height * ratio))
      if (!image || canvas.width !== wide || canvas.height !== high) {
        canvas.width = wide
        canvas.height = high
        image = context.createImageData(wide, high)
        pixels = new Uint32Array(image.data.buffer)
      }
      pixels.fill(0)
      const { points, before, codes, flags } = kept
      const scale = (zoom * ratio) / SPAN
      const left = wide / 2 - centre[0] * zoom * ratio
      const top = high / 2 - centre[1] * zoom * ratio
      const table = new Uint32Array(256)
      for (const pass of marked ? [1, 2] : [0]) {
        for (let c = 0; c < 256; c++) {
          const alpha = Math.round(colours[4 * c + 3] * (pass === 1 ? faint : 1))
          table[c] = (alpha << 24) | (colours[4 * c + 2] << 16) | (colours[4 * c + 1] << 8) | colours[4 * c]
        }
        const side = Math.max(1, Math.round(size * ratio * (pass === 2 ? 1.3 : 1)))
        const rows = stamp(side)
        const half = side / 2
        for (let i = 0; i < codes.length; i++) {
          const colour = table[codes[i]]
          if (colour >>> 24 === 0) continue
          if (pass && (flags[i] > 0) !== (pass === 2)) continue
          let x = points[2 * i]
          let y = points[2 * i + 1]
          if (mixed < 1 && before && before[2 * i] <= SPAN) {
            x = before[2 * i] + (x - before[2 * i]) * mixed
            y = before[2 * i + 1] + (y - before[2 * i + 1]) * mixed
          }
          const px = Math.round(x * scale + left - half)
          const py = Math.round(y * scale + top - half)
          if (px < 0 || py < 0 || px + side > wide || py + side > high) continue
          for (const [row, from, to] of rows) {
            const start = (py + row) * wide + px
            for (let at = start + from; at <= start + to; at++) pixels[at] = colour
          }
        }
      }
      context.putImageData(image, 0, 0)
    },
    destroy() {},
  }
}
