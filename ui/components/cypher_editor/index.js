// An editor of Cypher (CodeMirror 6). What is typed is told to Python when the editor is left, and
// when Ctrl+Enter runs it; a text that Python puts in has a version of its own, so a rerun takes
// nothing away. Tab leaves the editor, as anywhere on a page.
import {
  autocompletion, bracketMatching, closeBrackets, closeBracketsKeymap, Compartment, completionKeymap,
  defaultKeymap, drawSelection, EditorState, EditorView, highlightSpecialChars, history,
  historyKeymap, keymap, lineNumbers, placeholder, Prec, syntaxHighlighting,
} from "./vendor/codemirror.js"
import { completions } from "./completion.js"
import { colours, cypher } from "./language.js"

const editors = new WeakMap()

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  let editor = editors.get(parentElement)
  if (!editor) {
    editor = make(parentElement, data)
    editors.set(parentElement, editor)
  }
  editor.tell = setStateValue
  editor.run = setTriggerValue
  editor.update(data)
  return () => {
    editor.view.destroy()
    editors.delete(parentElement)
  }
}

function make(parentElement, data) {
  const told = new Compartment()
  const editor = { version: data.version, told: data.text, schema: data.schema }
  const tell = () => {
    const text = editor.view.state.doc.toString()
    if (text !== editor.told) {
      editor.told = text
      editor.tell("text", text)
    }
  }
  const run = () => {
    editor.told = editor.view.state.doc.toString()
    // Each run is another, also of the same text.
    editor.run("run", { text: editor.told, at: Date.now() })
    return true
  }
  const words = (said) => [
    placeholder(said.placeholder),
    EditorView.contentAttributes.of({ "aria-label": said.label, spellcheck: "false" }),
  ]
  editor.view = new EditorView({
    parent: parentElement,
    state: EditorState.create({
      doc: data.text,
      extensions: [
        Prec.highest(keymap.of([{ key: "Ctrl-Enter", mac: "Cmd-Enter", run }, { key: "Ctrl-Enter", run }])),
        lineNumbers(), highlightSpecialChars(), history(), drawSelection(), bracketMatching(),
        closeBrackets(), EditorView.lineWrapping, cypher, syntaxHighlighting(colours),
        autocompletion({ override: [(context) => completions(context, editor.schema)], icons: false }),
        keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap, ...completionKeymap]),
        EditorView.domEventHandlers({ blur: () => void tell() }),
        told.of(words(data.words)),
      ],
    }),
  })
  editor.update = (next) => {
    editor.schema = next.schema
    if (next.words.label !== editor.label) {
      editor.label = next.words.label
      editor.view.dispatch({ effects: told.reconfigure(words(next.words)) })
    }
    if (next.version === editor.version) return
    editor.version = next.version
    editor.told = next.text
    const all = { from: 0, to: editor.view.state.doc.length, insert: next.text }
    editor.view.dispatch({ changes: all, selection: { anchor: next.text.length } })
  }
  return editor
}
