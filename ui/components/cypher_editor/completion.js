// What may stand where the cursor is, from the graph's schema: labels and types behind a colon,
// properties behind a dot or in a map, else keywords, functions and the query's own names.
import { FUNCTIONS, KEYWORDS } from "./language.js"

const WORDS = /[\p{L}_][\p{L}\p{N}_]*/gu

export function completions(context, schema) {
  const word = context.matchBefore(/`?[\p{L}\p{N}_]*/u)
  const before = context.state.sliceDoc(Math.max(0, word.from - 300), word.from)
  const typed = word.from < word.to
  const valid = /^`?[\p{L}\p{N}_]*$/u
  const give = (options) => ({ from: word.from, options, validFor: valid })
  if (/[\p{L}\p{N}_)`]\.$/u.test(before)) return give(names(schema.properties, "property"))
  if (/\[[^\]]*[:|&!]\s*$/.test(before)) return give(names(schema.relations, "relation"))
  if (/\([^)]*[:|&!]\s*$/.test(before) && !inMap(before)) return give(names(schema.labels, "label"))
  if (/[:|&]$/.test(before) && !inMap(before)) {
    return give([...names(schema.labels, "label"), ...names(schema.relations, "relation")])
  }
  if (!typed && !context.explicit) return null
  if (/[{,]\s*$/.test(before) && inMap(before)) return give(names(schema.properties, "property", ": "))
  const own = new Set(context.state.doc.toString().match(WORDS) ?? [])
  own.delete(context.state.sliceDoc(word.from, word.to))
  for (const known of KEYWORDS) [known, known.toLowerCase()].forEach((each) => own.delete(each))
  return give([
    ...KEYWORDS.map((label) => ({ label, type: "keyword" })),
    ...FUNCTIONS.map((label) => ({ label, apply: `${label}(`, type: "function" })),
    ...[...own].map((label) => ({ label, type: "variable", boost: 1 })),
  ])
}

function inMap(before) {
  return before.lastIndexOf("{") > before.lastIndexOf("}")
}

// A name that is no word of Cypher stands in backticks.
function names(all, detail, behind = "") {
  return all.map((label) => {
    const plain = /^[\p{L}_][\p{L}\p{N}_]*$/u.test(label)
    return { label, detail, apply: (plain ? label : `\`${label.replaceAll("`", "``")}\``) + behind }
  })
}
