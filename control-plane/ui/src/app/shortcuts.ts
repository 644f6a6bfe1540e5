import { useEffect, useRef } from "react"

/** By key: `j`, `/`, `Enter`, `mod+k` (Ctrl or Cmd), or two in a row: `g s`. */
export type Keys = Readonly<Record<string, () => void>>

const SEQUENCE_MS_MAX = 1_000

/** Runs shortcuts while rendered. Single keys do nothing where one types or while a dialog or menu is open. */
export function useShortcuts(keys: Keys): void {
  const current = useRef(keys)
  useEffect(() => {
    current.current = keys
  })
  useEffect(() => {
    let first = ""
    let firstAt = 0
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing) return
      const name = keyName(event)
      if (name === null || (!name.startsWith("mod+") && isBusyPlace(event.target))) return
      const both = event.timeStamp - firstAt < SEQUENCE_MS_MAX ? `${first} ${name}` : ""
      const action = current.current[both] ?? current.current[name]
      first = name
      firstAt = event.timeStamp
      if (!action) return
      event.preventDefault()
      action()
    }
    document.addEventListener("keydown", onKey)
    return () => document.removeEventListener("keydown", onKey)
  }, [])
}

function keyName(event: KeyboardEvent): string | null {
  if (event.altKey) return null
  if (event.ctrlKey || event.metaKey) return `mod+${event.key.toLowerCase()}`
  return event.key
}

/** Where keys mean something else: fields, open menus and dialogs; on buttons and links Enter and the space bar. */
function isBusyPlace(target: EventTarget | null): boolean {
  if (document.querySelector("dialog[open]")) return true
  if (!(target instanceof HTMLElement)) return false
  return (
    target.isContentEditable || target.closest("input:not([type=checkbox]), textarea, select, [role=menu]") !== null
  )
}
