import { describe, expect, test } from "vitest"
import { attemptFor, type Draft, EMPTY_DRAFT, faultOf, keptDraft, readDraft, requestOf } from "./draft.ts"
import { profileOf } from "./options.ts"
import { parseVariables } from "./variables.ts"

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
  test("says what was chosen of credentials, environment and history", () => {
    const chosen = draft({
      prompt: "p",
      url: "https://a/b.git",
      depth: " 50 ",
      submodules: true,
      profile: "vertex",
      binding: "bearer_env",
      resolver: "vertex-token",
      target: "API_TOKEN",
      environmentFiles: ["staging.env", "database.env"],
      variables: [
        { name: "LEVEL", value: "debug" },
        { name: "EMPTY", value: "" },
        { name: "", value: "" },
      ],
    })
    expect(requestOf(chosen, "private")).toEqual({
      private: true,
      initialUserPrompt: "p",
      repository: { url: "https://a/b.git", depth: 50, submodules: true },
      profile: "vertex",
      binding: { type: "bearer_env", runtime_auth_resolver: "vertex-token", env_name: "API_TOKEN" },
      environmentFiles: ["staging.env", "database.env"],
      environment: { LEVEL: "debug", EMPTY: "" },
    })
  })
  test("is kept without any value of its variables, and asks for them again", () => {
    const secret = draft({ prompt: "p", variables: [{ name: "TOKEN", value: "hunter2" }] })
    const kept = JSON.stringify(keptDraft(secret))
    expect(kept).not.toContain("hunter2")
    const back = readDraft(JSON.parse(kept))
    expect(back.variables).toEqual([{ name: "TOKEN", value: null }])
    expect(faultOf(back)).toMatchObject({ field: "variables", message: expect.stringContaining("again") })
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
    [{ prompt: "p", depth: "some" }, "depth"],
    [{ prompt: "p", depth: "0" }, "depth"],
    [{ prompt: "p", binding: "bearer_env" }, "target"],
    [{ prompt: "p", variables: [{ name: "1ST", value: "" }] }, "variables"],
    [{ prompt: "p", variables: [{ name: "", value: "x" }] }, "variables"],
    [
      {
        prompt: "p",
        variables: [
          { name: "A", value: "1" },
          { name: "A", value: "2" },
        ],
      },
      "variables",
    ],
  ])("is said about %j", (patch, field) => expect(faultOf(draft(patch))?.field).toBe(field))
})

test("lines of a .env file become variables, comments and quotes left out", () => {
  const text = "# none\nexport A=1\n B = \"two words\" \r\nC='x=y'\nnot a line\nD=\n"
  expect(parseVariables(text)).toEqual([
    { name: "A", value: "1" },
    { name: "B", value: "two words" },
    { name: "C", value: "x=y" },
    { name: "D", value: "" },
  ])
})

test("the profile of a session is the chosen one, or the default", () => {
  const rest = { binding: "bearer_env", allowedBindings: [], resolvers: [], environmentFiles: [], exposedToAgent: [] }
  const items = [
    { ...rest, name: "a", isDefault: false },
    { ...rest, name: "b", isDefault: true },
  ]
  const options = { items, environmentFiles: [], hasProviders: true }
  expect(profileOf(options, "a")?.name).toBe("a")
  expect(profileOf(options, "")?.name).toBe("b")
  expect(profileOf({ ...options, items: [] }, "")).toBeUndefined()
})

test("an attempt keeps its key until something is changed", () => {
  let made = 0
  const newKey = () => `key${(made += 1)}`
  const first = attemptFor({ initialUserPrompt: "a" }, null, newKey)
  expect(attemptFor({ initialUserPrompt: "a" }, first, newKey)).toEqual(first)
  expect(attemptFor({ initialUserPrompt: "b" }, first, newKey).key).toBe("key2")
})
