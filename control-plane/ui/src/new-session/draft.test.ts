import { describe, expect, test } from "vitest"
import { attemptFor, type Draft, EMPTY_DRAFT, faultOf, readDraft, requestOf } from "./draft.ts"

const draft = (patch: Partial<Draft>): Draft => ({ ...EMPTY_DRAFT, ...patch })

describe("a draft", () => {
  test("leaves out what is empty", () => {
    expect(requestOf(draft({ prompt: " Fix it " }), "private")).toEqual({ private: true, initialUserPrompt: "Fix it" })
  })
  test("names the repository with its ref, and its own visibility", () => {
    expect(requestOf(draft({ url: "https://a/b.git", ref: "main", visibility: "public" }), "private")).toEqual({
      private: false,
      repository: { url: "https://a/b.git", ref: "main" },
    })
  })
  test.each([null, 7, "x", { prompt: 1, visibility: "secret" }])("that was kept as %j is empty", (kept) => {
    expect(readDraft(kept)).toEqual(EMPTY_DRAFT)
  })
  test("comes back as it was kept", () => {
    const full = draft({ prompt: "p", title: "t", url: "u", ref: "r", visibility: "public" })
    expect(readDraft(JSON.parse(JSON.stringify(full)))).toEqual(full)
  })
})

describe("what keeps a draft from being sent", () => {
  test.each([
    "https://git.example.com/a/b.git",
    "ssh://git@host/a",
    "git@github.com:a/b.git",
    "http://10.0.0.1:3000/a",
  ])("is not the address %s", (url) => expect(faultOf(draft({ url }))).toBeNull())
  test.each([
    [{}, "prompt"],
    [{ url: "berths" }, "url"],
    [{ url: "https://me:secret@host/a.git" }, "url"],
    [{ prompt: "p", ref: "main" }, "url"],
  ])("is said about %j", (patch, field) => expect(faultOf(draft(patch))?.field).toBe(field))
})

test("an attempt keeps its key until something is changed", () => {
  let made = 0
  const newKey = () => `key${(made += 1)}`
  const first = attemptFor({ initialUserPrompt: "a" }, null, newKey)
  expect(attemptFor({ initialUserPrompt: "a" }, first, newKey)).toEqual(first)
  expect(attemptFor({ initialUserPrompt: "b" }, first, newKey).key).toBe("key2")
})
