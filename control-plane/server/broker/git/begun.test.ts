import { beforeEach, expect, test } from "vitest"
import type { Clock } from "../../time/index.ts"
import { type Begun, createBegun } from "./begun.ts"

let now = 0
let begun: Begun

beforeEach(() => {
  now = 0
  begun = createBegun({ now: () => now } as Clock)
})

const ask = (service: "git-upload-pack" | "git-receive-pack", advertisement: boolean, more: { body?: number } = {}) =>
  begun.isFirst("ses_1", "github.com", { service, advertisement, repository: "team/app" }, more.body ?? null)

test("a fetch begins with its advertisement; what follows belongs to it", () => {
  expect([ask("git-upload-pack", true), ask("git-upload-pack", false), ask("git-upload-pack", false)]).toEqual([
    true,
    false,
    false,
  ])
  expect(ask("git-upload-pack", true)).toBe(true)
})

test("one name is not another's by a blank", () => {
  const first = (host: string, repository: string) =>
    begun.isFirst("ses_1", host, { service: "git-upload-pack", advertisement: true, repository }, null)
  expect(first("a b", "c")).toBe(true)
  const pack = { service: "git-upload-pack", advertisement: false, repository: "b c" } as const
  expect(begun.isFirst("ses_1", "a", pack, null)).toBe(true)
})

test("a fetch that was not announced begins by itself, and again after a while", () => {
  expect([ask("git-upload-pack", false), ask("git-upload-pack", false)]).toEqual([true, false])
  now = 601_000
  expect(ask("git-upload-pack", false)).toBe(true)
})

test("an announcement is good for one push, and the question before a large one is none", () => {
  expect(ask("git-receive-pack", true)).toBe(true)
  expect(ask("git-receive-pack", false, { body: 4 })).toBe(false)
  expect(ask("git-receive-pack", false)).toBe(false)
  expect(ask("git-receive-pack", false)).toBe(true)
  expect(ask("git-receive-pack", false, { body: 400 })).toBe(true)
})

test("it is good for this session, host, repository and direction only", () => {
  ask("git-upload-pack", true)
  expect(ask("git-receive-pack", false)).toBe(true)
  const pack = { service: "git-upload-pack", advertisement: false, repository: "team/app" } as const
  expect(begun.isFirst("ses_2", "github.com", pack, null)).toBe(true)
  expect(begun.isFirst("ses_1", "gitlab.com", pack, null)).toBe(true)
  expect(begun.isFirst("ses_1", "github.com", { ...pack, repository: "team/other" }, null)).toBe(true)
})
