import { AppError } from "../../errors/index.ts"
import { fields, id, list } from "./clean.ts"
import type { AgentCalls } from "./http.ts"
import { LIMITS } from "./limits.ts"

// Marks our conversation in the agent's own records: found again when its id was not stored before a crash.
const MARK = "berth"

/**
 * The session's conversation in the agent: the known one if it still exists, else the one that we made before, else a
 * new one. `forgotten` is true when a known one is gone, for example with a lost volume; `created` when it was made now.
 * @throws AppError `agent_failed`
 */
export async function findOrCreate(
  http: AgentCalls,
  known: string | null,
  title: string,
  signal: AbortSignal,
): Promise<{ sessionId: string; forgotten: boolean; created: boolean }> {
  if (known !== null && id(known, "ses") !== undefined) {
    const { status } = await http.head({ path: `/session/${known}`, signal })
    if (status === 200) return { sessionId: known, forgotten: false, created: false }
    if (status !== 404) throw failure("look up the conversation", status)
  }
  const found = await findMarked(http, signal)
  if (found !== undefined) return { sessionId: found, forgotten: known !== null, created: false }
  const body = { title, metadata: { [MARK]: true } }
  const { status, data } = await http.json({ method: "POST", path: "/session", body, signal })
  const sessionId = id(fields(data).id, "ses")
  if (status !== 200 || sessionId === undefined) throw failure("start a conversation", status)
  return { sessionId, forgotten: known !== null, created: true }
}

async function findMarked(http: AgentCalls, signal: AbortSignal): Promise<string | undefined> {
  const query = { roots: "true", limit: "50" }
  const { status, data } = await http.json({ path: "/session", query, signal, bytes_max: LIMITS.list_bytes_max })
  if (status !== 200) throw failure("list its conversations", status)
  const marked = list(data, 50).find((item) => fields(fields(item).metadata)[MARK] === true)
  return id(fields(marked).id, "ses")
}

function failure(what: string, status: number): AppError {
  const message = status === 401 ? "The agent refused its password." : `The agent could not ${what}.`
  return new AppError("agent_failed", message, { detail: `status ${status}` })
}
