import type { IncomingMessage } from "node:http"
import type { BodyWatch } from "../../../../pod-protocol/relay.ts"

/**
 * What stands in a model's stream of events when it is over, whether it went well or not: the end marks of chat
 * completions, responses, messages, Gemini, Cohere, and an error. As text of the model these words come with a backslash
 * before each quote.
 */
const END_MARKS = [
  /\ndata: ?\[DONE\]/,
  /(?<!\\)"(finish_?reason|stop_reason)"\s*:\s*"/i,
  /(?<!\\)"type"\s*:\s*"(message_stop|message-end|response\.(completed|incomplete|failed|error)|error)"/,
  /(?<!\\)"(error|promptFeedback)"\s*:\s*[{"]/,
]
/** Longer than any mark, so that one that lies across two chunks is seen. */
const KEPT_CHARACTERS = 100

/**
 * A watch over a model's answer that tells whether its stream had its end; undefined for an answer that is no stream of
 * events, failed, or is compressed. The agent asks again at once, and without limit, for an answer that ended in order
 * without one; after one that breaks off it tries five times at most.
 */
export function watchStream({ statusCode, headers }: IncomingMessage): BodyWatch | undefined {
  const isStream = /^text\/event-stream\b/i.test(headers["content-type"] ?? "")
  const isPlain = (headers["content-encoding"] ?? "identity") === "identity"
  if (statusCode !== 200 || !isStream || !isPlain) return undefined
  let isWhole = false
  let tail = "\n"
  return {
    see(chunk) {
      if (isWhole) return
      const text = tail + chunk.toString("latin1")
      isWhole = END_MARKS.some((mark) => mark.test(text))
      tail = text.slice(-KEPT_CHARACTERS)
    },
    isWhole: () => isWhole,
  }
}
