import { randomUUID } from "node:crypto"
import type { ServerResponse } from "node:http"
import type { ChatRequest, Turn } from "./turn.ts"

/** Waits; ends early, with false, when the client has gone. */
export type Pause = (milliseconds: number, response: ServerResponse) => Promise<boolean>

function usageOf(request: ChatRequest, turn: Turn): object {
  const prompt_tokens = Math.ceil(JSON.stringify(request.messages ?? []).length / 4)
  const completion_tokens = Math.ceil((turn.thought.length + turn.text.length) / 4) + 10 * turn.calls.length
  return { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens }
}

function functionCalls(turn: Turn) {
  return turn.calls.map(({ tool, arguments: value }, index) => ({
    index,
    id: `call_${randomUUID().replaceAll("-", "").slice(0, 24)}`,
    type: "function",
    function: { name: tool, arguments: JSON.stringify(value) },
  }))
}

function envelope(request: ChatRequest, object: string): object {
  const created = Math.floor(Date.now() / 1000)
  return { id: `chatcmpl-${randomUUID()}`, object, created, model: request.model ?? "demo" }
}

/** The whole answer as one JSON object. */
export function wholeAnswer(request: ChatRequest, turn: Turn): object {
  const message = {
    role: "assistant",
    content: turn.text,
    ...(turn.calls.length ? { tool_calls: functionCalls(turn) } : {}),
  }
  const finish_reason = turn.calls.length ? "tool_calls" : "stop"
  return {
    ...envelope(request, "chat.completion"),
    choices: [{ index: 0, message, finish_reason }],
    usage: usageOf(request, turn),
  }
}

/** Streams the answer as server-sent events, word by word. Format: OpenAI's chat completion chunks. */
export async function streamAnswer(
  request: ChatRequest,
  turn: Turn,
  response: ServerResponse,
  pause: Pause,
): Promise<void> {
  const base = envelope(request, "chat.completion.chunk")
  const send = (part: object) => response.write(`data: ${JSON.stringify({ ...base, ...part })}\n\n`)
  const delta = (value: object, finish_reason: string | null = null) =>
    send({ choices: [{ index: 0, delta: value, finish_reason }] })
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" })
  delta({ role: "assistant", content: "" })
  if (turn.hangs) return
  for (const word of words(turn.thought)) {
    delta({ reasoning_content: word })
    if (!(await pause(5, response))) return
  }
  const spoken = words(turn.text)
  for (const [index, word] of spoken.entries()) {
    delta({ content: word })
    if (turn.drops && index >= Math.floor(spoken.length / 2)) return void response.destroy()
    if (!(await pause(turn.word_ms, response))) return
  }
  for (const call of functionCalls(turn)) sendCall(call, delta)
  delta({}, turn.calls.length ? "tool_calls" : "stop")
  send({ choices: [], usage: usageOf(request, turn) })
  response.end("data: [DONE]\n\n")
}

/** In pieces, as real models send the arguments. */
function sendCall(call: ReturnType<typeof functionCalls>[number], delta: (value: object) => void): void {
  const { name, arguments: text } = call.function
  const half = Math.ceil(text.length / 2)
  delta({ tool_calls: [{ ...call, function: { name, arguments: "" } }] })
  delta({ tool_calls: [{ index: call.index, function: { arguments: text.slice(0, half) } }] })
  delta({ tool_calls: [{ index: call.index, function: { arguments: text.slice(half) } }] })
}

function words(text: string): string[] {
  return text === "" ? [] : text.split(/(?<= )/)
}
