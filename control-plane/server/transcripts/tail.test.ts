import fc from "fast-check"
import { expect, test } from "vitest"
import { foldText } from "./fold.ts"
import type { LoggedEvent } from "./log-store.ts"
import { Tail } from "./tail.ts"

const event = (seq: number, chars = 10): LoggedEvent => ({ seq, chars, change: { type: "session.deleted" } })
const events = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => event(from + index))
const numbers = (found: readonly { seq: number }[] | null) => found?.map(({ seq }) => seq) ?? null

test("a tail answers for what it holds and for nothing else", () => {
  const tail = new Tail({ events_max: 5, chars_max: 1000 })
  tail.begin(10)
  tail.push(events(11, 18))
  expect(numbers(tail.after(18, 100))).toEqual([])
  expect(numbers(tail.after(13, 100))).toEqual([14, 15, 16, 17, 18])
  expect(numbers(tail.after(13, 2))).toEqual([14, 15])
  expect(numbers(tail.after(12, 100))).toBeNull()
  expect(numbers(tail.after(19, 100))).toBeNull()
})

test("a tail holds no more than it may, and never a hole", () => {
  fc.assert(
    fc.property(fc.array(fc.record({ count: fc.integer({ min: 1, max: 20 }), skip: fc.nat(2) })), (pushes) => {
      const tail = new Tail({ events_max: 8, chars_max: 200 })
      tail.begin(0)
      let seq = 0
      for (const { count, skip } of pushes) {
        const first = seq + skip + 1
        seq = first + count - 1
        tail.push(events(first, seq))
        const reach = Array.from({ length: seq + 1 }, (_, place) => tail.after(place, 100)).filter(
          (found) => found !== null,
        )
        expect(reach.length).toBeLessThanOrEqual(9)
        for (const found of reach) {
          expect(numbers(found)).toEqual(numbers(events(seq - found.length + 1, seq)))
        }
      }
    }),
  )
})

test("a waiting watcher is woken by an event, by the end and by its own signal", async () => {
  const tail = new Tail({ events_max: 5, chars_max: 1000 })
  tail.begin(1)
  const stop = new AbortController()
  const waiting = [tail.changed(1, new AbortController().signal), tail.changed(5, stop.signal)]
  tail.push([event(2)])
  await waiting[0]
  stop.abort()
  await waiting[1]
  const last = tail.changed(2, new AbortController().signal)
  tail.end()
  await last
})

test("deltas in order make the text, repeats change nothing", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ minLength: 1 })), fc.nat(), (pieces, repeat) => {
      const whole = pieces.join("")
      const deltas = pieces.map((delta, index) => ({ delta, offset: pieces.slice(0, index).join("").length }))
      expect(foldText("", deltas)).toBe(whole)
      const last = deltas.slice(deltas.length - (repeat % (deltas.length + 1)))
      expect(foldText("", [...deltas, ...last])).toBe(whole)
    }),
  )
})
