import { expect, test } from "vitest"
import { growth, LINEAR_RATIO_MAX } from "../../../test/support/growth.ts"
import { withDeltas } from "./history.ts"
import type { StoredPart } from "./message-store.ts"

const growing = (id: number): StoredPart => ({
  id: `prt_${id}`,
  messageId: "msg_1",
  type: "text",
  body: { text: "a", startedAt: 1 },
  seq: 5,
})

test("a growing text has the deltas after its own event on top, and what has none stays as it is", () => {
  const parts = [growing(1), growing(2), { ...growing(3), body: { text: "done" } }]
  const delta = (partId: string, seq: number, text: string) => ({ partId, seq, offset: 99, delta: text })
  const deltas = [delta("prt_1", 4, "old"), delta("prt_1", 6, "b"), delta("prt_3", 7, "x"), delta("prt_1", 8, "c")]
  const whole = withDeltas(parts, deltas)
  expect(whole.map(({ body }) => body.text)).toEqual(["abc", "a", "done"])
  expect(whole[1]).toBe(parts[1])
})

test("very many texts with very many deltas are put together in one pass", () => {
  const work = (count: number) => {
    const parts = Array.from({ length: count }, (_, id) => growing(id))
    const deltas = Array.from({ length: count * 5 }, (_, index) => ({
      partId: `prt_${index % count}`,
      seq: 6 + index,
      offset: 1 + Math.floor(index / count),
      delta: "y",
    }))
    return () => withDeltas(parts, deltas)
  }
  expect(growth(work, 2_000).ratio).toBeLessThan(LINEAR_RATIO_MAX)
})
