import { describe, expect, test } from "vitest"
import { answered, answersOf, choose, NOTHING_PICKED, write } from "./answers.ts"
import { helperLine } from "./helper-line.ts"

describe("answers to questions", () => {
  test("of one choice are one text, own words in place of an option", () => {
    const picked = choose(choose(NOTHING_PICKED, "red", false), "blue", false)
    expect(answersOf([picked])).toEqual([["blue"]])
    expect(answersOf([write(picked, "green", false)])).toEqual([["green"]])
  })
  test("of several choices are all of them, own words last", () => {
    const picked = write(choose(choose(choose(NOTHING_PICKED, "a", true), "b", true), "a", true), "and c", true)
    expect(answersOf([picked])).toEqual([["b", "and c"]])
  })
  test("are complete when every question has one", () => {
    expect(answered([choose(NOTHING_PICKED, "a", false), NOTHING_PICKED])).toBe(false)
    expect(answered([choose(NOTHING_PICKED, "a", false)])).toBe(true)
  })
})

test("the start-up line is that of the agent's container", () => {
  expect(helperLine({ settingsPresent: true, names: ["fetch-bedrock-token", "fetch-vertex-token"] })).toBe(
    "berth: user-settings.json present=true; auth-helpers=[fetch-bedrock-token,fetch-vertex-token]",
  )
  expect(helperLine({ settingsPresent: false, names: [] })).toBe(
    "berth: user-settings.json present=false; auth-helpers=[none]",
  )
})
