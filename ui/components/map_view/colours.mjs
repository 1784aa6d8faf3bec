// Colours of kinds, and of a measure from low to high; grey for what is not known.
const KINDS = [
  "#4c78a8", "#f58518", "#54a24b", "#e45756", "#72b7b2", "#b279a2", "#eeca3b", "#ff9da6", "#9d755d",
  "#3f9fd8", "#c85b12", "#86b84f", "#a3305f", "#2f8c85", "#8266c9", "#c9a227", "#d66ba0", "#6b4c3b",
  "#1f6f50", "#7f9fc6",
]
const SCALE = ["#3b4cc0", "#5e81e6", "#4fb0c6", "#8fc46a", "#f2c14e", "#ee7b30", "#c0253a"]
const GREY = "#9aa0a6"
const OTHER = 254
const NONE = 255

const parts = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16))

function colourOf(code, measure) {
  if (code === NONE) return parts(GREY)
  if (!measure) return code === OTHER ? parts("#6b7280") : turn(parts(KINDS[code % KINDS.length]), code)
  const place = (code / OTHER) * (SCALE.length - 1)
  const at = Math.min(SCALE.length - 2, Math.floor(place))
  const [a, b] = [parts(SCALE[at]), parts(SCALE[at + 1])]
  return a.map((value, i) => Math.round(value + (b[i] - value) * (place - at)))
}

// The second and third time round they are lighter and darker.
function turn(colour, code) {
  const round = Math.floor(code / KINDS.length)
  if (!round) return colour
  const towards = round % 2 ? 255 : 0
  const share = Math.min(0.5, 0.22 * Math.ceil(round / 2))
  return colour.map((value) => Math.round(value + (towards - value) * share))
}

// 256 times red, green, blue, alpha; what is hidden has no alpha.
export function table(measure, hidden, alpha) {
  const made = new Uint8Array(1024)
  for (let code = 0; code < 256; code++) {
    made.set(colourOf(code, measure), 4 * code)
    const strength = code === NONE ? 0.55 * alpha : alpha
    made[4 * code + 3] = hidden.has(code) ? 0 : Math.round(255 * strength)
  }
  return made
}

export const css = (code, measure) => `rgb(${colourOf(code, measure).join(" ")})`
