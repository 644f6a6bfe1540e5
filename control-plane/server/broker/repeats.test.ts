import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { systemClock } from "../time/index.ts"
import { createRepeats, type Repeats } from "./repeats.ts"

const MINUTE_MS = 60_000
let told: string[]
let repeats: Repeats<string>

beforeEach(() => {
  vi.useFakeTimers()
  told = []
  repeats = make(1)
})
afterEach(async () => {
  await repeats.close()
  vi.useRealTimers()
})

function make(each_max: number): Repeats<string> {
  return createRepeats({
    clock: systemClock,
    each_max,
    kinds_max: 3,
    window_ms_max: 60 * MINUTE_MS,
    tell: async (facts, untold, folded) => {
      const words = folded.length === 0 ? facts : `others: ${folded.join(" ")}`
      told.push(untold === 0 ? words : `${words} +${untold}`)
    },
  })
}

function note(key: string, group = "g", of = repeats): void {
  of.note(group, key, `${group}/${key}`)
}

const taken = () => told.splice(0)

test("the first of a kind is told at once, the others by their number a minute later", () => {
  for (let count = 0; count < 100; count++) note("a")
  expect(taken()).toEqual(["g/a"])
  vi.advanceTimersByTime(MINUTE_MS + 5_000)
  expect(taken()).toEqual(["g/a +99"])
})

test("a kind that happened once is not told again", () => {
  note("a")
  vi.advanceTimersByTime(180 * MINUTE_MS)
  expect(taken()).toEqual(["g/a"])
})

test("one that comes back after a pause is told at once", () => {
  note("a")
  vi.advanceTimersByTime(5 * MINUTE_MS)
  taken()
  note("a")
  expect(taken()).toEqual(["g/a"])
})

test("a loop of a day is told a few dozen times, and every turn of it is counted", async () => {
  const turns = 24 * 3_600
  for (let second = 0; second < turns; second++) {
    note("a")
    vi.advanceTimersByTime(1_000)
  }
  await repeats.close()
  expect(told.length).toBeLessThan(40)
  const counted = told.map((text) => Number(text.split("+")[1] ?? 1)).reduce((sum, count) => sum + count, 0)
  expect(counted).toBe(turns)
})

test("one that comes again just after each pause is told ever more rarely", () => {
  for (let minute = 0; minute < 60; minute++) {
    note("a")
    vi.advanceTimersByTime(MINUTE_MS + 6_000)
  }
  expect(told.length).toBeLessThan(20)
})

test("of a group, so many kinds are told apart; the others are counted together, and other groups are as they were", () => {
  for (let kind = 0; kind < 50; kind++) note(`k${kind}`)
  note("k0", "h")
  expect(taken()).toEqual(["g/k0", "g/k1", "g/k2", "others: g/k3", "h/k0"])
  vi.advanceTimersByTime(MINUTE_MS + 5_000)
  const last = Array.from({ length: 20 }, (_, kind) => `g/k${kind + 30}`)
  expect(taken()).toEqual([`others: ${last.join(" ")} +46`])
})

test("of those that are counted together the last ones are told each time", () => {
  for (const key of ["a", "b", "c", "d", "e", "f", "e"]) note(key)
  expect(taken()).toEqual(["g/a", "g/b", "g/c", "others: g/d"])
  vi.advanceTimersByTime(MINUTE_MS + 5_000)
  expect(taken()).toEqual(["others: g/f g/e +3"])
  note("h")
  vi.advanceTimersByTime(5 * MINUTE_MS)
  expect(taken()).toEqual(["others: g/h +1"])
})

test("an hour later, other kinds are told apart", () => {
  for (let kind = 0; kind < 3; kind++) note(`k${kind}`)
  vi.advanceTimersByTime(61 * MINUTE_MS)
  taken()
  note("new")
  expect(taken()).toEqual(["g/new"])
})

test("where several of a kind are told each, so are the first ones", () => {
  const generous = make(3)
  for (let count = 0; count < 5; count++) note("a", "g", generous)
  expect(taken()).toEqual(["g/a", "g/a", "g/a"])
  vi.advanceTimersByTime(MINUTE_MS + 5_000)
  expect(taken()).toEqual(["g/a +2"])
})

test("the end tells what was counted", async () => {
  note("a")
  note("a")
  await repeats.close()
  expect(taken()).toEqual(["g/a", "g/a +1"])
})
