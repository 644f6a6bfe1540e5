import { expect, test } from "vitest"
import type { Message, Transcripts } from "../transcripts/types.ts"
import { readTranscript } from "./transcript.ts"

/** Pages as the history gives them: newest page first, each oldest message first. */
function history(count: number): Pick<Transcripts, "list"> {
  const messages = Array.from({ length: count }, (_, index) => ({ id: `msg_${index}` }) as Message)
  return {
    list: async (_id, { before = count, limit }) => {
      const from = Math.max(0, before - limit)
      return { items: messages.slice(from, before), nextCursor: from === 0 ? null : String(from), lastSeq: 0 }
    },
  }
}

const idsOf = (content: Buffer) =>
  content
    .toString()
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line).id)

test("a transcript is all messages over all pages, oldest first", async () => {
  const { content, messages, leftOut } = await readTranscript(history(250), "ses_1")
  expect(idsOf(content)).toEqual(Array.from({ length: 250 }, (_, index) => `msg_${index}`))
  expect([messages, leftOut]).toEqual([250, false])
})

test("of a transcript that is too large the newest messages are kept, whole ones, and it is said", async () => {
  const line = '{"id":"msg_100"}\n'.length
  const { content, messages, leftOut } = await readTranscript(history(250), "ses_1", line * 3 + 1)
  expect(idsOf(content)).toEqual(["msg_247", "msg_248", "msg_249"])
  expect([messages, leftOut]).toEqual([3, true])
})

test("a session in which nobody said anything has an empty transcript", async () => {
  expect(await readTranscript(history(0), "ses_1")).toEqual({ content: Buffer.alloc(0), messages: 0, leftOut: false })
})
