import type { Page, SessionView } from "../api/types.ts"
import { type Filters, matches } from "./filters.ts"

export type Pages = readonly Page<SessionView>[]

/**
 * The loaded pages (newest first) with one changed session. `null` when only the server can tell whether it belongs.
 * An older state than the one shown changes nothing.
 */
export function mergeSession(pages: Pages, session: SessionView, filters: Filters, me: string): Pages | null {
  const known = pages.some((page) => page.items.some((item) => item.id === session.id))
  const belongs = matches(session, filters, me)
  if (known) return belongs === false ? withoutSession(pages, session.id) : replace(pages, session)
  if (belongs === null) return null
  return belongs ? insert(pages, session) : pages
}

/** The loaded pages without a session; the same pages when it is not there. */
export function withoutSession(pages: Pages, id: string): Pages {
  return pages.map((page) => {
    const items = page.items.filter((item) => item.id !== id)
    return items.length === page.items.length ? page : { ...page, items }
  })
}

function replace(pages: Pages, session: SessionView): Pages {
  return pages.map((page) => {
    const at = page.items.findIndex((item) => item.id === session.id)
    const old = page.items[at]
    if (!old || old.updatedAt > session.updatedAt) return page
    return { ...page, items: page.items.with(at, session) }
  })
}

function insert(pages: Pages, session: SessionView): Pages {
  const at = pages.findIndex((page) => page.items.some((item) => item.createdAt < session.createdAt))
  // Older than all that is loaded: it comes with its page, or goes to the end when there is no further one.
  const last = pages.length - 1
  const target = at === -1 ? last : at
  if (at === -1 && pages[last]?.nextCursor != null) return pages
  return pages.map((page, index) => {
    if (index !== target) return page
    const before = page.items.findIndex((item) => item.createdAt < session.createdAt)
    return { ...page, items: page.items.toSpliced(before === -1 ? page.items.length : before, 0, session) }
  })
}
