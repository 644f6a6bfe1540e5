import type { Message } from "../../control-plane/server/transcripts/types.ts"

/**
 * `answered`: with its own words, and with nobody else's. `interrupted`: the conversation says that it was cut off or not
 * delivered. `unanswered`: neither, or another prompt's words.
 */
export type Outcome = "answered" | "interrupted" | "unanswered"

export interface Prompt {
  readonly id: string
  /** What the demo model is to say, and says for no other prompt. */
  readonly words: string
  readonly outcome: Outcome
  /** From the moment it was accepted to the end of its answer; null without one. */
  readonly took_ms: number | null
}

/** What became of each prompt of a conversation, by what stands between it and the next one. */
export function outcomesOf(messages: readonly Message[]): Prompt[] {
  const own = messages.filter(({ agentSessionId }) => agentSessionId === null)
  const all = own.filter(({ role }) => role === "user").map(wordsOf)
  return own.flatMap((message, index) => {
    if (message.role !== "user") return []
    const rest = own.slice(index + 1)
    const end = rest.findIndex(({ role }) => role === "user")
    const answer = end === -1 ? rest : rest.slice(0, end)
    const words = wordsOf(message)
    const outcome = outcomeOf(message, answer, words, all)
    const endedAt = answer.at(-1)?.completedAt ?? null
    return { id: message.id, words, outcome, took_ms: endedAt === null ? null : endedAt - message.createdAt }
  })
}

function outcomeOf(prompt: Message, answer: readonly Message[], words: string, all: readonly string[]): Outcome {
  const said = answer.flatMap(({ parts }) =>
    parts.flatMap(({ type, body }) => (type === "text" ? (body.text ?? "") : [])),
  )
  const others = all.some((one) => one !== words && said.includes(one))
  const isOver = answer.length > 0 && answer.every(({ completedAt }) => completedAt !== null)
  if (!others && isOver && said.includes(words)) return "answered"
  const isCut = answer.some(({ body }) => body.interrupted === true || body.error !== undefined)
  return !others && (isCut || prompt.delivery === "failed") ? "interrupted" : "unanswered"
}

/** The last line of a prompt is `say: WORDS`. */
function wordsOf(message: Message): string {
  const text = message.parts.map(({ body }) => body.text ?? "").join("\n")
  return /say: (.*)$/.exec(text)?.[1] ?? ""
}
