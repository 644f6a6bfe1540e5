import { AppError } from "../../errors/index.ts"
import { fields, id, list } from "./clean.ts"
import type { Snapshot } from "./conversation.ts"
import { type AgentHttp, isTooLarge, parseBounded } from "./http.ts"
import { LIMITS } from "./limits.ts"
import { readPart } from "./parts.ts"

type History = Snapshot["histories"][number]
type Page = { messages: History | null; nextCursor: string | null; bytes: number }

/**
 * What the agent knows about a conversation that was made a moment ago, after its events began to be kept: nothing.
 * Asking for it takes an agent that just started a quarter of a second, in which the first prompt waits.
 */
export function newSnapshot(rootId: string): Snapshot {
  return { sessionIds: [rootId], busySessionIds: new Set(), histories: [[]], permissions: [], questions: [], todos: [] }
}

/**
 * Reads what the agent knows about the conversation `rootId` and its sub-agents'. Taken while events are already being
 * buffered, so what happens meanwhile is not lost.
 * @throws AppError `agent_failed`
 */
export async function readSnapshot(http: AgentHttp, rootId: string, signal: AbortSignal): Promise<Snapshot> {
  const sessionIds = await readFamily(http, rootId, signal)
  const histories: History[] = []
  const budget: Budget = { bytes: LIMITS.history_bytes_max, messages: LIMITS.history_messages_max }
  for (const sessionId of sessionIds) histories.push(await readHistory(http, sessionId, budget, signal))
  const [busySessionIds, permissions, questions, todos] = await Promise.all([
    readBusy(http, signal),
    readOk(http, "/permission", signal),
    readOk(http, "/question", signal),
    readOk(http, `/session/${rootId}/todo`, signal),
  ])
  return { sessionIds, busySessionIds, histories, permissions, questions, todos }
}

/** Ids of the texts that still grow, as far as a snapshot shows. */
export function growingTexts(snapshot: Snapshot): string[] {
  return snapshot.histories.flatMap((history) => {
    const last = history.findLast(({ info }) => fields(info).role === "assistant")
    const parts = (last?.parts ?? []).flatMap((raw) => readPart(raw, "") ?? [])
    return parts.flatMap(({ open, part }) => (open && part.body.text !== undefined ? [part.id] : []))
  })
}

/** Ids of the conversations that work; idle ones are absent from OpenCode's answer. @throws AppError `agent_failed` */
export async function readBusy(http: AgentHttp, signal: AbortSignal): Promise<ReadonlySet<string>> {
  const statuses = fields(await readOk(http, "/session/status", signal))
  const busy = Object.entries(statuses).filter(([, status]) => fields(status).type !== "idle")
  return new Set(busy.flatMap(([sessionId]) => id(sessionId, "ses") ?? []))
}

/** The newest messages of a conversation, oldest first. @throws AppError `agent_failed` */
export async function readNewest(http: AgentHttp, sessionId: string, signal: AbortSignal): Promise<History> {
  const budget: Budget = { bytes: LIMITS.json_bytes_max, messages: LIMITS.page_messages }
  return await readHistory(http, sessionId, budget, signal)
}

async function readFamily(http: AgentHttp, rootId: string, signal: AbortSignal): Promise<string[]> {
  const family = [rootId]
  // Breadth first; a conversation met twice is not followed again.
  for (const parentId of family) {
    const children = await readOk(http, `/session/${parentId}/children`, signal)
    for (const child of list(children, LIMITS.sub_agents_max)) {
      const childId = id(fields(child).id, "ses")
      if (childId !== undefined && !family.includes(childId) && family.length < LIMITS.sub_agents_max)
        family.push(childId)
    }
  }
  return family
}

/** What is left of an agent's budget for histories, all its conversations together. */
interface Budget {
  bytes: number
  messages: number
}

/** Newest pages first, as the agent gives them out, until the budget is used up. */
async function readHistory(http: AgentHttp, sessionId: string, budget: Budget, signal: AbortSignal): Promise<History> {
  const pages: History[] = []
  let limit: number = LIMITS.page_messages
  let before: string | null = null
  while (budget.messages > 0 && budget.bytes > 0) {
    const page: Page = await readPage(http, sessionId, before, limit, signal)
    budget.bytes -= page.bytes
    if (page.messages === null && limit > 1) {
      // A page of huge messages is read in smaller steps.
      limit = Math.ceil(limit / 4)
      continue
    }
    // One huge message is passed over.
    if (page.messages !== null) pages.unshift(page.messages)
    budget.messages -= page.messages?.length ?? 1
    limit = Math.min(LIMITS.page_messages, limit * 2)
    if (page.nextCursor === null || page.nextCursor === before || page.messages?.length === 0) break
    before = page.nextCursor
  }
  return pages.flat()
}

/** `messages` is null when the page is too large. */
async function readPage(
  http: AgentHttp,
  sessionId: string,
  before: string | null,
  limit: number,
  signal: AbortSignal,
): Promise<Page> {
  const path = `/session/${sessionId}/message`
  const query = { limit: String(limit), ...(before === null ? {} : { before }) }
  const { status, body, nextCursor } = await http.page({ path, query, signal })
  if (status !== 200) throw refused(path, status)
  if (body === null) return { messages: null, nextCursor, bytes: LIMITS.json_bytes_max }
  try {
    const messages = list(await parseBounded(body), limit).map((raw) => {
      const message = fields(raw)
      return { info: message.info, parts: Array.isArray(message.parts) ? message.parts : [] }
    })
    return { messages, nextCursor, bytes: body.length }
  } catch (error) {
    if (isTooLarge(error)) return { messages: null, nextCursor, bytes: body.length }
    throw error
  }
}

async function readOk(http: AgentHttp, path: string, signal: AbortSignal): Promise<unknown> {
  const answer = await http.json({ path, signal, bytes_max: LIMITS.list_bytes_max })
  if (answer.status !== 200) throw refused(path, answer.status)
  return answer.data
}

function refused(path: string, status: number): AppError {
  const message = status === 401 ? "The agent refused its password." : "The agent did not answer as expected."
  return new AppError("agent_failed", message, { detail: `${path}: ${status}` })
}
