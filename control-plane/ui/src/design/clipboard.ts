import { toast } from "./toasts.tsx"

/** Copies a text and says so. Works without TLS too, where browsers have no clipboard interface. */
export async function copy(text: string, what = "Copied"): Promise<void> {
  const done = await copyText(text)
  if (done) toast("good", what)
  else toast("bad", "The browser did not allow copying.")
}

async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    return copyBySelection(text)
  }
}

function copyBySelection(text: string): boolean {
  const before = document.activeElement
  const area = document.createElement("textarea")
  area.value = text
  area.className = "hidden-text"
  // Beside an open dialog nothing can be selected.
  const place = before?.closest("dialog") ?? document.body
  place.append(area)
  area.select()
  const done = document.activeElement === area && document.execCommand("copy")
  area.remove()
  if (before instanceof HTMLElement) before.focus()
  return done
}
