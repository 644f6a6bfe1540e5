import { expect, test } from "vitest"
import type { Message } from "../api/types.ts"
import { textToSendAgain } from "./send-again.ts"

const message = (id: string, role: Message["role"], text: string, patch: Partial<Message> = {}): Message => ({
  id,
  role,
  agentSessionId: null,
  authorId: null,
  delivery: null,
  createdAt: 1,
  completedAt: 2,
  body: {},
  parts: text === "" ? [] : [{ id: `${id}p`, type: "text", body: { text } }],
  ...patch,
})
const prompt = message("u1", "user", "Do it")
const answer = message("a1", "assistant", "Half of", { body: { interrupted: true } })

test.each<[what: string, of: Message, messages: Message[], text: string | null]>([
  ["a prompt that did not arrive", prompt, [prompt], "Do it"],
  ["the prompt before an interrupted answer", answer, [prompt, answer], "Do it"],
  ["nothing once it was sent again", prompt, [prompt, answer, message("u2", "user", "Do it")], null],
  ["the same after another prompt", answer, [prompt, answer, message("u2", "user", "Something else")], "Do it"],
  [
    "a person's prompt, not what the agent wrote as one",
    answer,
    [prompt, message("u2", "user", "Go on", { origin: "agent" }), answer],
    "Do it",
  ],
  ["nothing without its prompt", answer, [answer], null],
  ["nothing without words", prompt, [message("u1", "user", "")], null],
])("%s is sent again", (_, of, messages, text) => {
  expect(textToSendAgain(of, messages)).toBe(text)
})
