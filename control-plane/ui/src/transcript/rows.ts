import type { Message, MessageBody, Part } from "../api/types.ts"

/** One line of the transcript, the unit that is virtualised. The same content is the same object. */
export type Row =
  | { readonly kind: "user"; readonly key: string; readonly message: Message }
  | { readonly kind: "part"; readonly key: string; readonly part: Part; readonly live: boolean }
  | { readonly kind: "trouble"; readonly key: string; readonly message: Message }
  | { readonly kind: "turn"; readonly key: string; readonly turn: Turn }

/** What the agent did for one prompt, summed up. */
export interface Turn {
  readonly text: string
  readonly model: string | null
  readonly took_ms: number | null
  readonly usage: Usage
}

export interface Usage {
  readonly input: number
  readonly output: number
  readonly cached: number
  readonly cost: number
}

/** Makes the rows of a transcript, reusing those of messages that did not change. While in a turn, the last is not summed up. */
export function createRowMaker(): (messages: readonly Message[], inTurn: boolean) => readonly Row[] {
  const cache = new WeakMap<Message, readonly Row[]>()
  const turns = new Map<string, { of: readonly Message[]; row: Row }>()

  function rowsOf(message: Message): readonly Row[] {
    const known = cache.get(message)
    if (known) return known
    const rows = message.role === "user" ? userRows(message) : agentRows(message)
    cache.set(message, rows)
    return rows
  }

  function turnRow(messages: readonly Message[]): Row | null {
    const last = messages.at(-1)
    if (!last) return null
    const known = turns.get(last.id)
    if (known && sameItems(known.of, messages)) return known.row
    const row: Row = { kind: "turn", key: `turn:${last.id}`, turn: sumUp(messages) }
    turns.set(last.id, { of: messages, row })
    return row
  }

  return (messages, inTurn) => {
    const rows: Row[] = []
    let turn: Message[] = []
    const endTurn = () => {
      const row = turnRow(turn)
      if (row) rows.push(row)
      turn = []
    }
    for (const message of inReadingOrder(messages)) {
      if (message.role === "user" && !(inTurn && isWaiting(message))) endTurn()
      if (message.role !== "user") turn.push(message)
      rows.push(...rowsOf(message))
    }
    if (!inTurn) endTurn()
    return rows
  }
}

/** The session's own conversation, with prompts that the agent does not have yet at the end. */
function inReadingOrder(messages: readonly Message[]): readonly Message[] {
  const own = messages.filter((message) => message.agentSessionId === null)
  const waiting = own.filter(isWaiting)
  return waiting.length === 0 ? own : [...own.filter((message) => !isWaiting(message)), ...waiting]
}

/** A prompt that the agent does not have yet. */
export function isWaiting(message: Message): boolean {
  return message.delivery === "queued" || message.delivery === "sending"
}

function userRows(message: Message): readonly Row[] {
  // What the agent writes for itself, to go on after a summary for example, may have no words for people.
  if (message.origin === "agent" && !message.parts.some(isShown)) return []
  return [{ kind: "user", key: message.id, message }]
}

function agentRows(message: Message): readonly Row[] {
  const last = message.parts.at(-1)
  const writing = message.completedAt === null && message.body.interrupted !== true
  const { removedAt } = message
  const rows: Row[] = message.parts
    .filter(isShown)
    .map((part) => (removedAt === undefined ? part : { ...part, removedAt }))
    .map((part) => ({
      kind: "part",
      key: `${message.id}:${part.id}`,
      part,
      live: writing && part.id === last?.id && part.removedAt === undefined,
    }))
  if (message.body.error || message.body.interrupted) rows.push({ kind: "trouble", key: `${message.id}:!`, message })
  return rows
}

function isShown(part: Part): boolean {
  switch (part.type) {
    case "text":
    case "reasoning":
      return (part.body.text ?? "").trim() !== ""
    case "tool":
    case "file":
    case "compaction":
      return true
    case "patch":
      return (part.body.files ?? []).length > 0
    default:
      return false
  }
}

function sumUp(messages: readonly Message[]): Turn {
  const first = messages[0]
  const last = messages.at(-1)
  const model = last?.body.model
  return {
    text: textOf(messages),
    model: model ? model.id : null,
    took_ms: first && last && last.completedAt !== null ? Math.max(0, last.completedAt - first.createdAt) : null,
    usage: usageOf(messages.map((message) => message.body)),
  }
}

function isSaid(part: Part): boolean {
  return part.type === "text" && part.removedAt === undefined
}

/** What the agent said and did not take back, as markdown, without its reasoning and its tools. */
function textOf(messages: readonly Message[]): string {
  const texts = messages.flatMap((message) => message.parts.filter(isSaid))
  return texts
    .map((part) => (part.body.text ?? "").trim())
    .filter((text) => text !== "")
    .join("\n\n")
}

/** Tokens and cost, added up; `input` is without what came from the cache. */
export function usageOf(bodies: readonly MessageBody[]): Usage {
  const sum = { input: 0, output: 0, cached: 0, cost: 0 }
  for (const { tokens, cost = 0 } of bodies) {
    sum.input += tokens ? tokens.input + tokens.cacheWrite : 0
    sum.output += tokens ? tokens.output + tokens.reasoning : 0
    sum.cached += tokens?.cacheRead ?? 0
    sum.cost += cost
  }
  return sum
}

function sameItems(a: readonly Message[], b: readonly Message[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index])
}
