import { describe, expect, test, vi } from "vitest"
import { type Api, ApiError } from "../api/client.ts"
import type { Outgoing } from "../transcript/rows/UserRow.tsx"
import { answered, answersOf, choose, NOTHING_PICKED, write } from "./answers.ts"
import { helperLine } from "./helper-line.ts"
import { createOutbox } from "./outbox.ts"

describe("prompts on their way", () => {
  function harness(kept: readonly Outgoing[] = []) {
    const sent: unknown[] = []
    let failure: ApiError | null = null
    let count = 0
    const api = {
      async request(_path: string, options: { body: unknown }) {
        if (failure) throw failure
        sent.push(options.body)
      },
    } as unknown as Api
    const keep = vi.fn<(items: readonly Outgoing[]) => void>()
    const outbox = createOutbox({ api, sessionId: "ses_1", newId: () => `msg_${(count += 1)}`, kept, keep })
    const states = () => outbox.snapshot().map((item) => `${item.id} ${item.state}`)
    return { outbox, sent, keep, states, fail: (error: ApiError | null) => (failure = error) }
  }
  const unreachable = new ApiError({ status: 0, code: "unreachable", message: "No connection" })
  const refused = new ApiError({ status: 413, code: "too_large", message: "Too long" })

  test("go one after the other, in order", async () => {
    const { outbox, sent, states } = harness()
    outbox.send("one")
    outbox.send("two")
    await vi.waitFor(() => expect(states()).toEqual(["msg_1 stored", "msg_2 stored"]))
    expect(sent).toEqual([
      { id: "msg_1", text: "one" },
      { id: "msg_2", text: "two" },
    ])
  })

  test("wait while the server cannot be reached, and go with the same id when it is back", async () => {
    const { outbox, sent, states, fail } = harness()
    fail(unreachable)
    outbox.send("one")
    await vi.waitFor(() => expect(states()).toEqual(["msg_1 waiting"]))
    fail(null)
    outbox.retry()
    await vi.waitFor(() => expect(states()).toEqual(["msg_1 stored"]))
    expect(sent).toEqual([{ id: "msg_1", text: "one" }])
  })

  test("that were refused are not tried again by themselves", async () => {
    const { outbox, sent, states, fail } = harness()
    fail(refused)
    outbox.send("one")
    await vi.waitFor(() => expect(states()).toEqual(["msg_1 refused"]))
    fail(null)
    outbox.retry()
    expect(sent).toEqual([])
    outbox.retry("msg_1")
    await vi.waitFor(() => expect(sent).toHaveLength(1))
  })

  test("are kept over a reload until they are stored", async () => {
    const { outbox, keep, states, fail } = harness([{ id: "msg_0", text: "zero", state: "sending", error: null }])
    expect(states()).toEqual(["msg_0 waiting"])
    fail(unreachable)
    outbox.send("one")
    expect(keep.mock.lastCall?.[0].map((item) => item.id)).toEqual(["msg_0", "msg_1"])
    await vi.waitFor(() => expect(states()).toEqual(["msg_0 waiting", "msg_1 waiting"]))
    fail(null)
    outbox.retry()
    await vi.waitFor(() => expect(states()).toEqual(["msg_0 stored", "msg_1 stored"]))
    expect(keep.mock.lastCall?.[0]).toEqual([])
    outbox.arrived(new Set(["msg_0", "msg_1"]))
    expect(states()).toEqual([])
  })
})

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
