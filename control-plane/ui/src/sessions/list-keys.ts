import type { RefObject } from "react"
import type { Keys } from "../app/shortcuts.ts"
import type { Selection } from "./selection.ts"

/** Keys of the list. The row under the cursor is the one whose link has the focus. */
export function listKeys(
  rows: RefObject<HTMLUListElement | null>,
  search: RefObject<HTMLInputElement | null>,
  selection: Selection,
): Keys {
  const links = () => [...(rows.current?.querySelectorAll<HTMLAnchorElement>(".session-link") ?? [])]
  const current = (all: readonly HTMLAnchorElement[]) =>
    all.findIndex((link) => link.closest("li")?.contains(document.activeElement) === true)
  const move = (step: 1 | -1) => {
    const all = links()
    const at = current(all)
    const to = at === -1 ? 0 : Math.min(all.length - 1, Math.max(0, at + step))
    all[to]?.focus()
    all[to]?.scrollIntoView({ block: "nearest" })
  }
  return {
    j: () => move(1),
    k: () => move(-1),
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    x: () => {
      const all = links()
      const id = all[current(all)]?.dataset.id
      if (id) selection.toggle(id, false)
    },
    "/": () => search.current?.focus(),
    Escape: selection.clear,
  }
}
