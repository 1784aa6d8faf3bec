// Going to another page of the explorer: one step of the browser's history, which Streamlit then
// follows as it follows the browser's own Back.
let gone = null

function go(address) {
  history.pushState(null, "", address)
  dispatchEvent(new PopStateEvent("popstate"))
}

// Links to pages of ours: those of our components say so, the others are Streamlit's, which would put a
// step between two pages where one has more in its address than its link. With a key, or another
// button of the mouse, a link is the browser's, to open a tab.
const LINKS = "a[data-page], a[data-testid=stSidebarNavLink], a[data-testid=stPageLink-NavLink]"
const NARROW = 768 // pixels, below which Streamlit's sidebar lies over the page

document.addEventListener(
  "click",
  (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || event.button !== 0) return
    const link = event.composedPath().find((one) => one.matches?.(LINKS))
    if (!link || new URL(link.href).origin !== location.origin) return
    event.preventDefault()
    event.stopPropagation()
    go(link.href)
    if (innerWidth < NARROW && link.dataset.testid === "stSidebarNavLink")
      document.querySelector("[data-testid=stSidebarCollapseButton] button")?.click()
  },
  { capture: true },
)

export default function ({ data }) {
  if (data.step === null || data.step === gone) return
  gone = data.step // drawn again: it went already
  go(new URL(data.to, document.baseURI).href)
}
