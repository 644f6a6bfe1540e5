import { AppError, isAppError } from "../../errors/index.ts"
import { fields, id, list } from "./clean.ts"
import type { Snapshot } from "./conversation.ts"
import type { AgentHttp } from "./http.ts"
import { LIMITS } from "./limits.ts"
import { readPart } from "./parts.ts"

type History = Snapshot["histories"][number]
type Page = { messages: History; nextCursor: string | null; chars: number }

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
  for (const sessionId of sessionIds) histories.push(await readHistory(http, sessionId, signal))
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

async function readHistory(http: AgentHttp, sessionId: string, signal: AbortSignal): Promise<History> {
  const pages: History[] = []
  let before: string | null = null
  let count = 0
  let chars = 0
  do {
    const page: Page = await readPage(http, sessionId, before, signal)
    pages.unshift(page.messages)
    count += page.messages.length
    chars += page.chars
    before = page.nextCursor
  } while (before !== null && count < LIMITS.history_messages_max && chars < LIMITS.history_bytes_max)
  return pages.flat()
}

async function readPage(http: AgentHttp, sessionId: string, before: string | null, signal: AbortSignal): Promise<Page> {
  for (const limit of [LIMITS.page_messages, 5, 1]) {
    const query = { limit: String(limit), ...(before === null ? {} : { before }) }
    try {
      const answer = await http.json({ path: `/session/${sessionId}/message`, query, signal })
      if (answer.status !== 200) throw refused(`/session/${sessionId}/message`, answer.status)
      const messages = list(answer.data, limit).map((raw) => {
        const message = fields(raw)
        return { info: message.info, parts: Array.isArray(message.parts) ? message.parts : [] }
      })
      const nextCursor = answer.nextCursor === before || messages.length === 0 ? null : answer.nextCursor
      return { messages, nextCursor, chars: answer.chars }
    } catch (error) {
      // A page of huge messages is read in smaller steps; one huge message ends the history there.
      if (!isAppError(error) || error.details?.too_large !== true) throw error
    }
  }
  return { messages: [], nextCursor: null, chars: 0 }
}

async function readOk(http: AgentHttp, path: string, signal: AbortSignal): Promise<unknown> {
  const answer = await http.json({ path, signal })
  if (answer.status !== 200) throw refused(path, answer.status)
  return answer.data
}

function refused(path: string, status: number): AppError {
  const message = status === 401 ? "The agent refused its password." : "The agent did not answer as expected."
  return new AppError("agent_failed", message, { detail: `${path}: ${status}` })
}
