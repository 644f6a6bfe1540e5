import { expect, test } from "vitest"
import type { Message } from "../../control-plane/server/transcripts/types.ts"
import { outcomesOf } from "./outcomes.ts"

const base = { agentSessionId: null, authorId: null, createdAt: 1_000, body: {} }

function prompt(words: string, delivery: Message["delivery"] = "sent"): Message {
  const parts = [{ id: `prt_${words}`, type: "text", body: { text: `bash: true\nsay: ${words}` } } as const]
  return { ...base, id: words, role: "user", delivery, completedAt: null, parts }
}

function answer(text: string, more: Partial<Message> = {}): Message {
  const parts = [{ id: `prt_${text}`, type: "text", body: { text } } as const]
  return { ...base, id: `a ${text}`, role: "assistant", delivery: null, completedAt: 4_000, parts, ...more }
}

const outcomes = (...messages: Message[]) => outcomesOf(messages).map(({ outcome }) => outcome)

test("a prompt is answered by its own words before the next prompt", () => {
  expect(outcomesOf([prompt("one"), answer("one"), prompt("two"), answer("two")])).toEqual([
    { id: "one", words: "one", outcome: "answered", took_ms: 3_000 },
    { id: "two", words: "two", outcome: "answered", took_ms: 3_000 },
  ])
})

test("a prompt that was joined with the next, or has the answer of another, is unanswered", () => {
  expect(outcomes(prompt("one"), prompt("two"), answer("two"))).toEqual(["unanswered", "answered"])
  expect(outcomes(prompt("one"), answer("two"), prompt("two"), answer("one"))).toEqual(["unanswered", "unanswered"])
  expect(outcomes(prompt("one"), answer("one"), answer("two"), prompt("two"))).toEqual(["unanswered", "unanswered"])
})

test("what is said to be cut off is interrupted, what still grows is unanswered", () => {
  expect(outcomes(prompt("one"), answer("o", { completedAt: null, body: { interrupted: true } }))).toEqual([
    "interrupted",
  ])
  expect(outcomes(prompt("one", "failed"))).toEqual(["interrupted"])
  expect(outcomes(prompt("one"), answer("one", { completedAt: null }))).toEqual(["unanswered"])
})
