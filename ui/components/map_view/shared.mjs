// What the elements of one map share in this document: columns of numbers, each sent by an element
// of its own, so that none is sent again when another comes; what the map is; names and pictures of
// points, which are asked for when they are looked at.
const columns = new Map()
const joined = new Map() // name -> a column of several parts
const listeners = new Set()
const names = new Map() // map -> Map(point -> {label, kind, id, image})
let told = null
let asker = null
let waiting = null

export function putColumn(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const length = view.getUint32(0, true)
  const head = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)))
  const body = bytes.slice(4 + length).buffer
  columns.set(head.name, head.bytes === 2 ? new Uint16Array(body) : new Uint8Array(body))
  tell()
  return head.name
}

export function dropColumn(name) {
  columns.delete(name)
}

// A column by its name; one that comes in parts is the same array for as long as they are.
export function column(name) {
  const parts = told?.parts[name]
  if (!parts) return columns.get(name)
  const there = parts.map((part) => columns.get(part))
  if (!there.every(Boolean)) return undefined
  const kept = joined.get(name)
  if (kept?.there.every((part, i) => part === there[i])) return kept.whole
  const whole = new there[0].constructor(there.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of there) {
    whole.set(part, at)
    at += part.length
  }
  joined.set(name, { there, whole })
  return whole
}

export function putAbout(data) {
  told = data
  for (const name of joined.keys()) if (!told?.parts[name]) joined.delete(name)
  tell()
}

export const about = () => told

export function listen(heard) {
  listeners.add(heard)
  return () => listeners.delete(heard)
}

function tell() {
  for (const heard of [...listeners]) heard()
}

export function namesOf(map) {
  if (!names.has(map)) names.set(map, new Map())
  return names.get(map)
}

export function putNames(map, found) {
  const known = namesOf(map)
  for (const [point, said] of Object.entries(found)) {
    const before = known.get(Number(point))
    const [label, kind, id, image] = said
    known.set(Number(point), { label, kind, id, image: image ?? before?.image, seen: image !== null || before?.seen })
  }
  tell()
}

export function answerBy(ask) {
  asker = ask
  if (waiting) {
    const late = waiting
    waiting = null
    ask(late)
  }
}

export function stopAnswering(ask) {
  if (asker === ask) asker = null
}

export function askNames(map, points, pictures) {
  const question = { map, points, pictures }
  if (asker) asker(question)
  else waiting = question
}
