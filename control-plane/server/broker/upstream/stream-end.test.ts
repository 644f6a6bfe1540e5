import type { IncomingMessage } from "node:http"
import { describe, expect, it } from "vitest"
import { watchStream } from "./stream-end.ts"

const answer = (statusCode = 200, headers: Record<string, string> = { "content-type": "text/event-stream" }) =>
  ({ statusCode, headers }) as unknown as IncomingMessage

function isWhole(text: string, size = text.length): boolean | undefined {
  const watch = watchStream(answer())
  for (let at = 0; at < text.length; at += size) watch?.see(Buffer.from(text.slice(at, at + size)))
  return watch?.isWhole()
}

describe("a model's stream", () => {
  it.each([
    'data: {"choices":[{"delta":{"content":"a"},"finish_reason":null}]}\n\ndata: [DONE]\n\n',
    'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\n',
    'event: message_stop\ndata: {"type":"message_stop"}\n\n',
    'data: {"type":"message_delta","delta":{"stop_reason":"end_turn"}}\n\n',
    'event: response.completed\ndata: {"type":"response.completed","response":{}}\n\n',
    'data: {"type":"response.incomplete"}\n\n',
    'data: {"candidates":[{"finishReason":"STOP"}]}\r\n\r\n',
    'data: {"promptFeedback":{"blockReason":"SAFETY"}}\n\n',
    'event: message-end\ndata: {"type":"message-end","delta":{"finish_reason":"COMPLETE"}}\n\n',
    'data: {"error":{"message":"overloaded"}}\n\n',
    'data: {"type":"error","error":{"type":"overloaded_error"}}\n\n',
  ])("has its end: %j", (end) => {
    const begin = 'data: {"choices":[{"delta":{"content":"words"},"finish_reason":null}]}\n\n'
    for (const size of [1, 7, 64, 10_000]) expect(isWhole(begin + end, size)).toBe(true)
  })

  it.each([
    "",
    ": keep-alive\n\n",
    'data: {"choices":[{"delta":{"content":"a"},"finish_reason":null}]}\n\n',
    'data: {"type":"content_block_delta","delta":{"type":"text_delta","text":"a"}}\n\n',
    'data: {"type":"message_start","message":{"stop_reason":null}}\n\n',
    'data: {"candidates":[{"content":{"parts":[{"text":"a"}]}}]}\n\n',
    'data: {"type":"response.output_text.delta","delta":"a"}\n\n',
    `data: ${JSON.stringify({ choices: [{ delta: { content: '"finish_reason":"stop" {"type":"error"} data: [DONE]' } }] })}\n\n`,
  ])("has none: %j", (text) => {
    for (const size of [1, 7, 10_000]) expect(isWhole(text, size)).toBe(false)
  })

  it("is not looked at where nothing can be told of it", () => {
    expect(watchStream(answer(500))).toBeUndefined()
    expect(watchStream(answer(200, { "content-type": "application/json" }))).toBeUndefined()
    expect(watchStream(answer(200, { "content-type": "text/event-stream", "content-encoding": "br" }))).toBeUndefined()
  })
})
