// Going to another page of the explorer: one step of the browser's history, which Streamlit then
// follows as it follows the browser's own Back.
let gone = null

function go(address) {
  history.pushState(null, "", address)
  dispatchEvent(new PopStateEvent("popstate"))
}

// Links of our components that lead to a page of ours say so. With a key, or another button of the mouse,
// a link is the browser's, to open a tab.
document.addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || event.button !== 0) return
  const link = event.composedPath().find((one) => one.localName === "a" && one.dataset.page !== undefined)
  if (!link) return
  event.preventDefault()
  go(link.href)
})

export default function ({ data }) {
  if (data.step === null || data.step === gone) return
  gone = data.step // drawn again: it went already
  go(new URL(data.to, document.baseURI).href)
}
