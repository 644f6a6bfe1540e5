import type { Change } from "../../../control-plane/server/transcripts/types.ts"

/** The head of a message of the agent. */
export const assistant = (
  id: string,
  extra: Partial<Extract<Change, { type: "message.updated" }>["message"]> = {},
): Change => ({
  type: "message.updated",
  message: {
    id,
    role: "assistant",
    agentSessionId: null,
    authorId: null,
    delivery: null,
    createdAt: 1_795_327_453_875,
    completedAt: null,
    body: {},
    ...extra,
  },
})
/** A text of the agent; without `endedAt` it grows. */
export const text = (messageId: string, id: string, words: string, endedAt?: number): Change => ({
  type: "part.updated",
  messageId,
  part: { id, type: "text", body: { text: words, startedAt: 5, ...(endedAt === undefined ? {} : { endedAt }) } },
})
/** More of a text that grows. */
export const delta = (messageId: string, partId: string, offset: number, words: string): Change => ({
  type: "part.delta",
  messageId,
  partId,
  offset,
  delta: words,
})
/** A call of a tool. */
export const tool = (messageId: string, id: string, status: "running" | "completed" | "interrupted"): Change => ({
  type: "part.updated",
  messageId,
  part: { id, type: "tool", body: { tool: { name: "bash", callId: "c", status, output: "x" }, startedAt: 5 } },
})
/** A notice without a meaning. */
export const notice = (message: string): Change => ({ type: "notice", level: "info", code: "test", message })
