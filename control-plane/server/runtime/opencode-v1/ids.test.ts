import fc from "fast-check"
import { expect, test } from "vitest"
import { id } from "./clean.ts"
import { createMessageIds } from "./ids.ts"

test("ids sort in the order they were made, even when the clock stands still or goes back", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1_795_000_000_000, max: 1_795_000_000_500 }), { minLength: 2 }), (times) => {
      const rest = [...times]
      const newId = createMessageIds(() => rest.shift() ?? 0)
      const ids = times.map(() => newId())
      expect(ids).toEqual(ids.toSorted())
      expect(new Set(ids).size).toBe(ids.length)
    }),
  )
})

test("an id has the form and the time of OpenCode's own", () => {
  // msg_201daea8b001VEIgyNqJmqNAf0 was made by OpenCode at this time.
  const made = createMessageIds(() => 1_795_327_453_835)()
  expect(made.slice(0, 16)).toBe("msg_201daea8b001")
  expect(made).toHaveLength(30)
  expect(id(made, "msg")).toBe(made)
})
