// The map of a run's vectors. One component in four roles, told apart by its data: bare bytes are a
// column of numbers; `role: "about"` says what is on the map; `role: "names"` answers what points are
// called; otherwise it is the map itself.
import * as shared from "./shared.mjs"
import { makeView } from "./view.mjs"

const states = new WeakMap() // parent element -> what it keeps between reruns

export default function (given) {
  const { data, parentElement } = given
  const kept = states.get(parentElement)
  const state = kept ?? begin(given)
  if (!kept) states.set(parentElement, state)
  state.update(given)
  return () => {
    state.close()
    states.delete(parentElement)
  }
}

function begin({ data, parentElement }) {
  if (data instanceof Uint8Array) return columnElement()
  if (data.role === "about") return aboutElement()
  if (data.role === "names") return namesElement()
  return makeView(parentElement)
}

function columnElement() {
  let name = null
  return {
    update({ data }) {
      const next = shared.putColumn(data)
      if (name !== null && name !== next) shared.dropColumn(name)
      name = next
    },
    close: () => shared.dropColumn(name),
  }
}

function aboutElement() {
  return { update: ({ data }) => shared.putAbout(data), close: () => shared.putAbout(null) }
}

function namesElement() {
  let trigger = null
  const ask = (question) => trigger("asked", question)
  return {
    update({ data, setTriggerValue }) {
      trigger = setTriggerValue
      shared.putNames(data.map, data.names)
      shared.answerBy(ask)
    },
    close: () => shared.stopAnswering(ask),
  }
}
