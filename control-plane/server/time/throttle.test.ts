import { expect, test } from "vitest"
import { createThrottle } from "./index.ts"

test("a throttle opens at once, and then once a minute", () => {
  let now = 5_000
  const mayTell = createThrottle({ now: () => now })
  expect([mayTell(), mayTell()]).toEqual([true, false])
  now += 59_999
  expect(mayTell()).toBe(false)
  now += 1
  expect([mayTell(), mayTell()]).toEqual([true, false])
})
