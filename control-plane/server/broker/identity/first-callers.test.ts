import { pino } from "pino"
import { beforeEach, expect, test } from "vitest"
import type { Clock } from "../../time/index.ts"
import { createFirstCallers, type FirstCallers } from "./first-callers.ts"

const pod = { name: "p", uid: "u", workloadId: "w" }
let now = 0
let lines: string[] = []
let known: string[] = []
let first: FirstCallers

beforeEach(() => {
  now = 0
  lines = []
  known = []
  const cluster = {
    pods: { all: () => known.map((ip) => ({ status: { podIPs: [{ ip }] } })) },
  } as unknown as Parameters<typeof createFirstCallers>[0]["cluster"]
  const log = pino({}, { write: (line: string) => void lines.push(line) })
  first = createFirstCallers({ cluster, clock: { now: () => now } as Clock, log })
})

test("the first caller is taken for the pod, and nobody else", () => {
  expect(first.admit(pod, "::ffff:10.0.0.1")).toBe(true)
  expect(first.admit(pod, "10.0.0.1")).toBe(true)
  expect(first.admit(pod, "10.0.0.2")).toBe(false)
})

test("an address that is another pod's is not taken", () => {
  known = ["10.0.0.1"]
  expect(first.admit(pod, "10.0.0.1")).toBe(false)
})

test("an address that stays untold is not believed for long", () => {
  first.admit(pod, "10.0.0.1")
  now = 29_999
  expect(first.admit(pod, "10.0.0.1")).toBe(true)
  now = 30_000
  expect(first.admit(pod, "10.0.0.1")).toBe(false)
})

test("a first caller that turns out to be another than the pod is told to the operator, once", () => {
  first.admit(pod, "10.0.0.1")
  expect(first.compare(pod, "10.0.0.9")).toBe(pod)
  first.compare(pod, "10.0.0.9")
  expect(lines.length).toBe(1)
  expect(lines[0]).toContain("10.0.0.1")
})

test("what is kept of first callers is bounded, the oldest goes first", () => {
  for (let index = 0; index <= 1_000; index++)
    first.admit({ ...pod, uid: `u${index}` }, `10.1.${index >> 8}.${index & 255}`)
  expect(first.admit({ ...pod, uid: "u1000" }, "10.9.9.9")).toBe(false)
  expect(first.admit({ ...pod, uid: "u0" }, "10.9.9.9")).toBe(true)
})
