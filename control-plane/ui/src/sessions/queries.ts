import { type InfiniteData, type QueryClient, type QueryKey, useInfiniteQuery } from "@tanstack/react-query"
import type { Me } from "../api/account.ts"
import { type Api, query } from "../api/client.ts"
import type { Page, SessionView } from "../api/types.ts"
import { useApi } from "../app/services.ts"
import type { Filters } from "./filters.ts"
import { mergeSession, withoutSession } from "./merge.ts"

const PAGE_SESSIONS = 50
const LIST = "sessions"

type Loaded = InfiniteData<Page<SessionView>, string | null>

/** The sessions that match, page after page; kept in step by `takeSession`. */
export function useSessions(filters: Filters, enabled = true) {
  const api = useApi()
  return useInfiniteQuery({
    queryKey: [LIST, filters],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) => readPage(api, filters, pageParam, signal),
    getNextPageParam: (page) => page.nextCursor,
    // What was shown stays until the answer is here: no flash while typing.
    placeholderData: (before) => before,
    enabled,
  })
}

/** Every session that some list has loaded, newest first; some may be there more than once. */
export function loadedSessions(client: QueryClient): readonly SessionView[] {
  const loaded = client.getQueriesData<Loaded>({ queryKey: [LIST] })
  return loaded
    .flatMap(([, data]) => data?.pages.flatMap((page) => page.items) ?? [])
    .toSorted((a, b) => b.createdAt - a.createdAt)
}

/** A session that some list has loaded already, to paint its page at once. */
export function knownSession(client: QueryClient, id: string): SessionView | null {
  return loadedSessions(client).find((session) => session.id === id) ?? null
}

/** Brings every loaded list forward by one changed session. */
export function takeSession(client: QueryClient, session: SessionView): void {
  const me = client.getQueryData<Me>(["me"])?.id ?? ""
  for (const [key, data] of client.getQueriesData<Loaded>({ queryKey: [LIST] })) {
    if (!data) continue
    const pages = mergeSession(data.pages, session, key[1] as Filters, me)
    if (pages) client.setQueryData<Loaded>(key, { ...data, pages: [...pages] })
    else askSoon(client, key)
  }
}

/** Where only the server can tell whether a changed session belongs: asked once for all that change in between. */
const ASK_MS = 1_000
const asking = new WeakMap<QueryClient, Set<string>>()

function askSoon(client: QueryClient, key: QueryKey): void {
  const lists = asking.get(client) ?? new Set()
  asking.set(client, lists)
  const list = JSON.stringify(key)
  if (lists.has(list)) return
  lists.add(list)
  setTimeout(() => {
    lists.delete(list)
    void client.invalidateQueries({ queryKey: key })
  }, ASK_MS)
}

/** Takes a session out of every loaded list. */
export function dropSession(client: QueryClient, id: string): void {
  for (const [key, data] of client.getQueriesData<Loaded>({ queryKey: [LIST] })) {
    if (data) client.setQueryData<Loaded>(key, { ...data, pages: [...withoutSession(data.pages, id)] })
  }
}

/** Reads every list again: something may have been missed. */
export function rereadSessions(client: QueryClient): void {
  void client.invalidateQueries({ queryKey: [LIST] })
}

function readPage(api: Api, filters: Filters, cursor: string | null, signal: AbortSignal): Promise<Page<SessionView>> {
  return api.request(`sessions${query({ ...filters, cursor, limit: PAGE_SESSIONS })}`, { signal })
}
