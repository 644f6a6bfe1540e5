import { useCallback, useEffect, useMemo, useRef, useState } from "react"
import type { SessionView } from "../api/types.ts"

export interface Selection {
  readonly ids: ReadonlySet<string>
  /** Those of the selected ones that are shown. */
  readonly selected: readonly SessionView[]
  /** `range`: everything from the last one to this one, as with Shift. */
  readonly toggle: (id: string, range: boolean) => void
  readonly clear: () => void
}

const NONE: ReadonlySet<string> = new Set()

/** Which rows of a list are selected. Rows that go away are no longer selected. */
export function useSelection(sessions: readonly SessionView[]): Selection {
  const [ids, setIds] = useState(NONE)
  const last = useRef("")
  const shown = useRef(sessions)
  useEffect(() => {
    shown.current = sessions
  })
  const toggle = useCallback((id: string, range: boolean) => {
    const order = shown.current.map((session) => session.id)
    setIds((before) => toggled(before, order, range ? last.current : "", id))
    last.current = id
  }, [])
  const clear = useCallback(() => setIds(NONE), [])
  const selected = useMemo(() => sessions.filter((session) => ids.has(session.id)), [sessions, ids])
  return { ids, selected, toggle, clear }
}

/** The selection after one more click; with `from`, all between take the state that `to` takes. */
export function toggled(
  before: ReadonlySet<string>,
  order: readonly string[],
  from: string,
  to: string,
): ReadonlySet<string> {
  const next = new Set(before)
  const on = !before.has(to)
  const ends = [order.indexOf(from), order.indexOf(to)].toSorted((a, b) => a - b)
  const [first = -1, second = -1] = ends
  const range = first === -1 ? [to] : order.slice(first, second + 1)
  for (const id of range) {
    if (on) next.add(id)
    else next.delete(id)
  }
  return next
}
