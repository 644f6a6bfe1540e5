import { AppError } from "../../errors/index.ts"
import type { AgentTarget, PermissionReply, QuestionReply } from "../types.ts"
import { fields, id, text } from "./clean.ts"
import { AgentHttp, type AnswerHead } from "./http.ts"
import { LIMITS } from "./limits.ts"

type Call = Parameters<AgentHttp["json"]>[0]

/** Enough for one sentence of an error, not for a stack. */
const EXPLAIN_CHARS_MAX = 300

/** One request over a connection that is closed after it. @throws AppError `agent_failed` */
export async function once(target: AgentTarget, call: Call): Promise<{ status: number; data: unknown }> {
  const http = new AgentHttp(target)
  try {
    return await http.json(call)
  } finally {
    http.close()
  }
}

/** Like `once`, for an answer of which only the status counts. @throws AppError `agent_failed` */
async function headOnce(target: AgentTarget, call: Call): Promise<AnswerHead> {
  const http = new AgentHttp(target)
  try {
    return await http.head(call)
  } finally {
    http.close()
  }
}

/**
 * True when the agent answers `GET /session/status`, which also makes it load its project: only then can it take a
 * prompt. Never throws. A request that arrives while the server starts is never answered, so keep `timeout_ms` short.
 */
export async function probe(target: AgentTarget, timeout_ms: number, signal?: AbortSignal): Promise<boolean> {
  try {
    const call = { path: "/session/status", timeout_ms, ...(signal === undefined ? {} : { signal }) }
    const { status, isJson } = await headOnce(target, call)
    return status === 200 && isJson
  } catch {
    return false
  }
}

/** See `Runtime.explain`. */
export async function explain(target: AgentTarget, timeout_ms: number): Promise<string | null> {
  try {
    const { status, data } = await once(target, { path: "/session/status", timeout_ms })
    if (status === 200) return null
    const { data: inner, message } = fields(data)
    const words = text(fields(inner).message ?? message, LIMITS.message_chars_max) ?? ""
    return `HTTP ${status}${words === "" ? "" : `: ${words.slice(0, EXPLAIN_CHARS_MAX)}`}`
  } catch {
    return null
  }
}

/** Stops the turn of a conversation; does nothing when none runs. @throws AppError `agent_failed` */
export async function abort(target: AgentTarget, agentSessionId: string): Promise<void> {
  const { status } = await headOnce(target, {
    method: "POST",
    path: `/session/${checked(agentSessionId, "ses")}/abort`,
  })
  if (status !== 200 && status !== 204 && status !== 404) {
    throw new AppError("agent_failed", "The agent could not be stopped.", { detail: `abort: ${status}` })
  }
}

/** @throws AppError `not_found` when the agent no longer asks, `agent_failed` */
export async function answerPermission(target: AgentTarget, requestId: string, reply: PermissionReply): Promise<void> {
  const message = reply.message?.slice(0, LIMITS.message_chars_max)
  const body = { reply: reply.reply, ...(message === undefined ? {} : { message }) }
  const path = `/permission/${checked(requestId, "per")}/reply`
  settle((await headOnce(target, { method: "POST", path, body })).status)
}

/** @throws AppError `not_found` when the agent no longer asks, `agent_failed` */
export async function answerQuestion(target: AgentTarget, requestId: string, reply: QuestionReply): Promise<void> {
  const path = `/question/${checked(requestId, "que")}`
  const call: Call =
    "rejected" in reply
      ? { method: "POST", path: `${path}/reject` }
      : { method: "POST", path: `${path}/reply`, body: { answers: reply.answers } }
  settle((await headOnce(target, call)).status)
}

function settle(status: number): void {
  if (status === 200 || status === 204) return
  if (status === 404) throw new AppError("not_found", "The agent no longer waits for this answer.")
  throw new AppError("agent_failed", "The agent did not accept the answer.", { detail: `status ${status}` })
}

function checked(value: string, prefix: "ses" | "per" | "que"): string {
  const valid = id(value, prefix)
  if (valid === undefined) throw new AppError("not_found", "The agent does not know this id.")
  return valid
}
