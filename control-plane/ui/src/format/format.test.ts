import { describe, expect, test } from "vitest"
import { newId } from "../api/ids.ts"
import { browserName } from "./browser.ts"
import { compact, dollars, plural } from "./numbers.ts"
import { repositoryLink, repositoryName } from "./repository.ts"
import { duration, shortAgo } from "./time.ts"

describe("times", () => {
  test.each([
    [12, "12 ms"],
    [3_250, "3.2 s"],
    [42_900, "42 s"],
    [125_000, "2 m 05 s"],
    [3_840_000, "1 h 04 m"],
    [-5, "0 ms"],
  ])("%i ms is %s", (ms, words) => expect(duration(ms)).toBe(words))
  test.each([
    [59_000, "now"],
    [240_000, "4m"],
    [7_200_000, "2h"],
    [200_000_000, "2d"],
    [-9, "now"],
  ])("%i ms ago is %s", (age, words) => {
    expect(shortAgo(1e12 - age, 1e12)).toBe(words)
  })
})

describe("numbers", () => {
  test.each([
    [950, "950"],
    [1_240, "1.2k"],
    [9_960, "10k"],
    [34_400, "34k"],
    [1_200_000, "1.2M"],
  ])("%i is %s", (count, words) => {
    expect(compact(count)).toBe(words)
  })
  test("small amounts have more decimals", () =>
    expect([dollars(0.0134), dollars(1.337), dollars(0)]).toEqual(["$0.0134", "$1.34", "$0.00"]))
  test("one is one", () => expect([plural(1, "session"), plural(2, "session")]).toEqual(["1 session", "2 sessions"]))
})

describe("repositories", () => {
  test.each([
    ["https://git.example.com/team/project.git", "team/project"],
    ["git@github.com:team/project.git", "team/project"],
    ["ssh://git@host:2222/deep/team/project", "team/project"],
    ["http://10.0.0.1:3000/sample.git", "sample"],
  ])("%s is called %s", (url, name) => expect(repositoryName(url)).toBe(name))
  test("a link is only made of what a browser can open, without the user in it", () => {
    expect(repositoryLink("https://me:pw@git.example.com/a/b.git")).toBe("https://git.example.com/a/b")
    expect(repositoryLink("ssh://git@host/a")).toBeNull()
    expect(repositoryLink("javascript:alert(1)")).toBeNull()
  })
})

test("browsers are called by their names", () => {
  expect(browserName("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0")).toBe(
    "Edge on Linux",
  )
  expect(browserName("curl/8.5.0")).toBe("curl")
  expect(browserName("")).toBe("Unknown browser")
})

test("an identifier has its prefix and 20 characters of the alphabet", () => {
  expect(newId("msg")).toMatch(/^msg_[0-9bcdfghjklmnpqrstvwxyz]{20}$/)
})
