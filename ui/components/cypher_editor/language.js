// Cypher as an editor colours it: by words and signs, line by line. Keywords are those of statements
// that read; what administers or writes is no statement of this page. A word behind a dot is a
// property, whatever it is called.
import { HighlightStyle, StreamLanguage, tags } from "./vendor/codemirror.js"

export const KEYWORDS = `ALL AND ANY AS ASC ASCENDING BY CALL CASE COLLECT CONTAINS COUNT CYPHER DESC DESCENDING
DISTINCT ELSE END ENDS EXISTS EXPLAIN FALSE FILTER FINISH FOR IN IS LET LIMIT MATCH NEXT NONE NOT NULL OFFSET ON
OPTIONAL OR ORDER PROFILE REDUCE RETURN SEARCH SHORTEST SINGLE SKIP STARTS THEN TRUE TYPED UNION UNWIND USING
VECTOR INDEX SCORE WHEN WHERE WITH XOR YIELD`.split(/\s+/)
export const FUNCTIONS = `abs avg ceil coalesce collect count date datetime duration elementId endNode exp floor head
keys labels last left length log max min nodes percentileCont point properties rand range reduce relationships replace
reverse right round shortestPath allShortestPaths sign size split sqrt startNode stDev substring sum tail toFloat
toInteger toLower toString toUpper trim type vector.similarity.cosine vector.similarity.euclidean`.split(/\s+/)

const keywords = new Set(KEYWORDS)
const functions = new Set(FUNCTIONS.map((name) => name.toLowerCase()))
const WORD = /^[\p{L}_][\p{L}\p{N}_]*/u

function token(stream, state) {
  if (state.inside) return within(stream, state)
  if (stream.eatSpace()) return null
  if (stream.match("//")) {
    stream.skipToEnd()
    return "comment"
  }
  if (stream.match("/*")) {
    state.inside = "*/"
    return within(stream, state)
  }
  const before = stream.string.slice(0, stream.pos).trimEnd().slice(-1)
  const sign = stream.peek()
  if (sign === "'" || sign === '"') {
    state.inside = stream.next()
    return within(stream, state)
  }
  if (stream.match(/^`(?:[^`]|``)*`?/)) return /[:|&!]/.test(before) ? "typeName" : "variableName"
  if (stream.match(/^\$(?:`[^`]*`|[\p{L}\p{N}_]+)/u)) return "atom"
  if (stream.match(/^(?:0x[\da-f]+|\d+(?:\.\d+)?(?:e[-+]?\d+)?)/i)) return "number"
  const word = stream.match(WORD)
  if (!word) {
    stream.next()
    return /[()[\]{}]/.test(sign) ? "bracket" : "operator"
  }
  if (before === ".") return "propertyName"
  // `:Country`, `:A|B`, `:A&!B`: a label or type, but in a map, `{id: x}`, a value.
  if (/[:|&!]/.test(before) && !state.map) return "typeName"
  const next = stream.string.slice(stream.pos).match(/^\s*(.)/)?.[1]
  if (next === ":" && state.map) return "propertyName"
  if (next === "(" && functions.has(word[0].toLowerCase())) return "function"
  if (keywords.has(word[0].toUpperCase())) return "keyword"
  return next === "(" ? "function" : "variableName"
}

// The rest of a text or comment, which may go over several lines.
function within(stream, state) {
  const kind = state.inside === "*/" ? "comment" : "string"
  while (!stream.eol()) {
    if (stream.match(state.inside)) {
      state.inside = ""
      break
    }
    if (stream.next() === "\\" && kind === "string") stream.next()
  }
  return kind
}

export const cypher = StreamLanguage.define({
  name: "cypher",
  startState: () => ({ inside: "", map: 0 }),
  copyState: (state) => ({ ...state }),
  token(stream, state) {
    const kind = token(stream, state)
    if (kind === "bracket") {
      if (stream.current() === "{") state.map += 1
      if (stream.current() === "}") state.map = Math.max(0, state.map - 1)
    }
    return kind
  },
  tokenTable: { function: tags.function(tags.variableName) },
  languageData: {
    commentTokens: { line: "//", block: { open: "/*", close: "*/" } },
    closeBrackets: { brackets: ["(", "[", "{", "'", '"', "`"] },
  },
})

// By names of colours in index.css, where they follow the page's light and dark.
export const colours = HighlightStyle.define([
  { tag: tags.keyword, class: "cm-keyword" },
  { tag: tags.typeName, class: "cm-type" },
  { tag: tags.propertyName, class: "cm-property" },
  { tag: tags.function(tags.variableName), class: "cm-function" },
  { tag: [tags.string], class: "cm-string" },
  { tag: [tags.number, tags.atom], class: "cm-number" },
  { tag: tags.comment, class: "cm-comment" },
])
