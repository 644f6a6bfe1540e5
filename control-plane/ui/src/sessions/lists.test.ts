import { QueryClient } from "@tanstack/react-query"
import { describe, expect, test, vi } from "vitest"
import { makeSession } from "../../../../dev/ui/seed.ts"
import type { SessionView } from "../api/types.ts"
import { filtersFrom, isFiltered, NO_FILTERS, searchFrom } from "./filters.ts"
import { mergeSession, type Pages, withoutSession } from "./merge.ts"
import { takeSession } from "./queries.ts"
import { toggled } from "./selection.ts"
import { lookOf, powerOf } from "./status.ts"

const session = (id: string, createdAt: number, patch: Partial<SessionView> = {}): SessionView => ({
  ...makeSession(id, createdAt, { createdAt, updatedAt: createdAt, ...patch }),
  id,
})
const PAGES: Pages = [
  { items: [session("d", 40), session("c", 30)], nextCursor: "x" },
  { items: [session("b", 20)], nextCursor: "y" },
]
const ids = (pages: Pages | null) => pages?.map((page) => page.items.map((item) => item.id).join("")).join("|")
const merged = (one: SessionView, filters = NO_FILTERS) => mergeSession(PAGES, one, filters, "usr_ada")

describe("a list that is kept live", () => {
  test("takes a new session at the top", () => expect(ids(merged(session("e", 50)))).toBe("edc|b"))
  test("takes one between where it belongs", () => expect(ids(merged(session("x", 35)))).toBe("dxc|b"))
  test("leaves one that belongs on a page not loaded yet", () => expect(ids(merged(session("a", 10)))).toBe("dc|b"))
  test("takes one at the end when that is the end of all", () => {
    const pages: Pages = [{ items: [session("b", 20)], nextCursor: null }]
    expect(ids(mergeSession(pages, session("a", 10), NO_FILTERS, ""))).toBe("ba")
  })
  test("replaces a session by its newer state only", () => {
    expect(merged(session("c", 30, { updatedAt: 31, title: "new" }))?.[0]?.items[1]?.title).toBe("new")
    expect(merged(session("c", 30, { updatedAt: 29, title: "old" }))?.[0]?.items[1]?.title).toBe("c")
  })
  test("drops a session that no longer matches, and one that is gone", () => {
    expect(ids(merged(session("c", 30, { updatedAt: 31 }), { ...NO_FILTERS, visibility: "public" }))).toBe("d|b")
    expect(ids(withoutSession(PAGES, "b"))).toBe("dc|")
  })
  test("leaves out a new session that does not match", () => {
    expect(ids(merged(session("e", 50), { ...NO_FILTERS, status: "failed" }))).toBe("dc|b")
    expect(
      ids(merged(session("e", 50, { owner: { id: "o", name: "", email: "" } }), { ...NO_FILTERS, owner: "me" })),
    ).toBe("dc|b")
  })
  test("asks the server whether words match", () =>
    expect(merged(session("e", 50), { ...NO_FILTERS, q: "tide" })).toBeNull())
})

test("a search is not asked again for every session that changes, but once for all of them", async () => {
  vi.useFakeTimers()
  const client = new QueryClient()
  const key = ["sessions", { ...NO_FILTERS, q: "tide" }]
  client.setQueryData(key, { pages: PAGES, pageParams: [null] })
  const asked = vi.spyOn(client, "invalidateQueries")
  for (let n = 0; n < 300; n += 1) takeSession(client, session(`new${n}`, 100 + n))
  await vi.advanceTimersByTimeAsync(1_000)
  expect(asked.mock.calls).toEqual([[{ queryKey: key }]])
  takeSession(client, session("one more", 500))
  await vi.advanceTimersByTimeAsync(1_000)
  expect(asked).toHaveBeenCalledTimes(2)
  vi.useRealTimers()
})

describe("filters in the address", () => {
  test("come back as they went in", () => {
    const filters = { q: "tide & time", visibility: "public", status: "failed", owner: "me" } as const
    expect(filtersFrom(searchFrom(filters))).toEqual(filters)
  })
  test("are left out when they are not filters", () => {
    const filters = filtersFrom(new URLSearchParams("status=sunk&visibility=secret"))
    expect(filters).toEqual(NO_FILTERS)
    expect(isFiltered(filters)).toBe(false)
  })
})

describe("a selection", () => {
  const order = ["a", "b", "c", "d"]
  test("takes one and gives it back", () => {
    const one = toggled(new Set(), order, "", "b")
    expect([...one]).toEqual(["b"])
    expect([...toggled(one, order, "", "b")]).toEqual([])
  })
  test("takes everything between, in either direction", () => {
    expect([...toggled(new Set(["d"]), order, "d", "b")].toSorted()).toEqual(["b", "c", "d"])
  })
})

describe("what a state means to a person", () => {
  test("a running session is called by what its agent does", () => {
    expect(lookOf({ status: "running", activity: "busy" }).label).toBe("Working")
    expect(lookOf({ status: "running", activity: "waiting" }).label).toBe("Needs you")
    expect(lookOf({ status: "stopped", activity: "busy" }).label).toBe("Stopped")
  })
  test("what stands can be started, what runs can be stopped, what goes cannot be either", () => {
    expect(powerOf(session("a", 1, { status: "failed" }))).toBe("start")
    expect(powerOf(session("a", 1, { status: "starting" }))).toBe("stop")
    expect(powerOf(session("a", 1, { status: "stopping", desired: "stopped" }))).toBe("start")
    expect(powerOf(session("a", 1, { status: "deleting", desired: "deleted" }))).toBeNull()
  })
})
