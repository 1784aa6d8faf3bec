// Colours that stand out on a light and on a dark page alike.
export const PALETTE = [
  "#0f9488", "#e8833a", "#6366f1", "#ca8a04", "#db2777", "#0284c7",
  "#65a30d", "#9333ea", "#dc2626", "#0891b2", "#a16207", "#475569",
]
export const NOTHING = "#94a3b8"
export const PROPOSED = "#e8833a"
const RAMP = [[71, 105, 178], [147, 161, 161], [230, 159, 60], [205, 50, 40]]

// 0..1 -> a colour from blue over grey to red
export function ramp(share) {
  const at = Math.min(Math.max(share, 0), 1) * (RAMP.length - 1)
  const low = Math.min(Math.floor(at), RAMP.length - 2)
  const mixed = RAMP[low].map((one, i) => Math.round(one + (RAMP[low + 1][i] - one) * (at - low)))
  return `rgb(${mixed.join(",")})`
}

export const RAMP_CSS = `linear-gradient(90deg, ${RAMP.map((c) => `rgb(${c.join(",")})`).join(", ")})`

// What stands first keeps its colour while more is drawn.
export class Assigned {
  #colours = new Map()

  of(name) {
    if (!this.#colours.has(name)) this.#colours.set(name, PALETTE[this.#colours.size % PALETTE.length])
    return this.#colours.get(name)
  }
}
