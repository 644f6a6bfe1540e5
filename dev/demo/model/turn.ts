import { type Directive, isStep, readDirectives, type ToolCall, toolCalls } from "./directives.ts"

export type Message = { role: string; content?: unknown; tool_calls?: unknown[] }

export type ChatRequest = { model?: string; stream?: boolean; messages?: Message[]; tools?: unknown[] }

/** What the demo model does with one request. All times in milliseconds. */
export type Turn = {
  delay_ms: number
  /** An HTTP error in place of an answer. */
  error?: { status: number; message: string }
  thought: string
  text: string
  /** Pause after each word. */
  word_ms: number
  calls: ToolCall[]
  /** Never ends. */
  hangs: boolean
  /** Cuts the connection in the middle. */
  drops: boolean
}

const word_ms = 5
const words_max = 20_000
const delay_ms_max = 10 * 60_000

const help = `I am Berth's **demo model**: a script, not an AI. I do what the lines of a message tell me, one step a line. Try:

    bash: ls -la
    write: hello.txt :: Hello from a session
    edit: README.md :: Greeter => Greeter (edited)
    say: That was all.

I also know \`read:\`, \`ask: QUESTION :: A | B\`, \`todo: A | B\`, \`parallel: A && B\`, \`think:\` and \`slow: WORDS MILLISECONDS\`.

To work with a real model, an administrator adds a provider in the settings; or run \`npm run up -- --provider-json FILE\`.`

/** Decides a turn from the request alone: the last user message is the script, tool results after it are the progress. */
export function planTurn(request: ChatRequest): Turn {
  const messages = request.messages ?? []
  const lastUser = messages.findLastIndex(({ role }) => role === "user")
  const prompt = textOf(messages[lastUser]?.content)
  const since = messages.slice(lastUser + 1)
  const turn: Turn = { delay_ms: 0, thought: "", text: "", word_ms, calls: [], hangs: false, drops: false }
  // The agent asks for a title without offering tools.
  if (!request.tools?.length) return { ...turn, text: titleFor(prompt) }
  const directives = readDirectives(prompt)
  if (directives.length === 0) return { ...turn, text: help }

  const argumentOf = (name: Directive["name"]) => directives.find((directive) => directive.name === name)?.argument
  turn.delay_ms = clamp(Number(argumentOf("stall") ?? 0), delay_ms_max)
  const done = since.filter(({ role, tool_calls }) => role === "assistant" && tool_calls?.length).length
  const step = directives.filter(isStep)[done]
  if (step) return withStep(turn, step)

  const status = argumentOf("status")
  if (status !== undefined) return { ...turn, error: readStatus(status) }
  const results = since.filter(({ role }) => role === "tool").length
  const slow = argumentOf("slow")?.split(/\s+/).map(Number)
  return {
    ...turn,
    thought: argumentOf("think") ?? "",
    text: slow ? numberedWords(slow[0] ?? 0) : (argumentOf("say") ?? `Done: ${results} tool results seen.`),
    word_ms: slow ? clamp(slow[1] ?? word_ms, delay_ms_max) : word_ms,
    hangs: argumentOf("hang") !== undefined,
    drops: argumentOf("drop") !== undefined,
  }
}

function withStep(turn: Turn, step: Directive): Turn {
  try {
    return { ...turn, text: `Calling ${step.name}. `, calls: toolCalls(step) }
  } catch (error) {
    return { ...turn, text: error instanceof Error ? error.message : String(error) }
  }
}

function textOf(content: unknown): string {
  if (typeof content === "string") return content
  if (!Array.isArray(content)) return ""
  return content.map((part) => (part?.type === "text" ? String(part.text) : "")).join("\n")
}

function titleFor(prompt: string): string {
  const [first = ""] = prompt.split("\n").filter((row) => row.trim() !== "" && !row.startsWith("Generate a title"))
  return first.trim().slice(0, 60) || "Demo session"
}

function readStatus(argument: string): { status: number; message: string } {
  const [, code, message] = /^(\d{3})\s*(.*)$/.exec(argument) ?? []
  const status = Number(code)
  return { status: status >= 400 && status < 600 ? status : 500, message: message || `The demo model was told to fail` }
}

function numberedWords(count: number): string {
  return Array.from({ length: clamp(count, words_max) }, (_, index) => `word${index}`).join(" ")
}

function clamp(value: number, max: number): number {
  return Number.isFinite(value) ? Math.min(Math.max(value, 0), max) : 0
}
