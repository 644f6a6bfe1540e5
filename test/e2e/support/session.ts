import { expect } from "vitest"
import type { SessionView } from "../../../control-plane/server/sessions/service-types.ts"
import type { Message } from "../../../control-plane/server/transcripts/types.ts"
import { until } from "../../../scripts/lib/wait.ts"
import { ApiError, type Client } from "../../support/client.ts"
import { startStopwatch } from "../../support/stopwatch.ts"
import type { Installation } from "./installation.ts"

// These only end a wait that would never end: a noisy machine may be several times slower than usual.
const start_timeout_ms = 240_000
export const turn_timeout_ms = 400_000
const gone_timeout_ms = 240_000

/** Waits for a status; a failed session ends the wait with its reason. Errors of a replica that restarts are waited out. */
export function hasStatus(client: Client, id: string, status: SessionView["status"]): Promise<SessionView> {
  let failure: string | undefined
  return until(
    `session ${id} being ${status}`,
    async () => {
      const session = await client.get(id)
      failure = session.status === "failed" && status !== "failed" ? JSON.stringify(session.reason) : undefined
      if (failure !== undefined) return session
      return session.status === status && session
    },
    { timeout_ms: start_timeout_ms, every_ms: 150 },
  ).then((session) => {
    if (failure !== undefined) throw new Error(`session ${id} failed: ${failure}`)
    return session
  })
}

/** Waits until the agent has said `words` and its turn is over. */
export function hasAnswered(client: Client, id: string, words: string): Promise<readonly Message[]> {
  return until(
    `the answer "${words}"`,
    async () => {
      const before = await client.messages(id)
      const { activity } = await client.get(id)
      // What stood there before and after it was idle is what stood there while it was.
      const { items, lastSeq } = await client.messages(id)
      if (activity !== "idle" || before.lastSeq !== lastSeq) return false
      const answer = items.find(
        (message) => message.role === "assistant" && textsOf(message).join("\n").includes(words),
      )
      return answer !== undefined && answer.completedAt !== null && items
    },
    { timeout_ms: turn_timeout_ms, every_ms: 150 },
  )
}

/** The texts of a message, its tools left out. */
export function textsOf(message: Message): string[] {
  return message.parts.filter(({ type }) => type === "text").map(({ body }) => body.text ?? "")
}

/** What a tool printed in all of a conversation, call by call. */
export function outputsOf(messages: readonly Message[], tool: string): string[] {
  return messages.flatMap(({ parts }) =>
    parts.flatMap(({ body }) =>
      body.tool?.name === tool && body.tool.status === "completed" ? [body.tool.output ?? ""] : [],
    ),
  )
}

/**
 * Deletes a session and waits until the API and the cluster know nothing of it.
 * @returns how long that took in milliseconds, without those in which the machine stood still
 */
export async function deleteAndSeeItGone({ client, kube }: Installation, id: string): Promise<number> {
  const objects = await kube.objectsOf(id)
  const elapsed = startStopwatch()
  await client.remove(id)
  await seeGone({ client, kube }, objects)
  return elapsed()
}

/** Waits until the API answers 404 and nothing of the session is left in the cluster. */
export async function seeGone(
  { client, kube }: Pick<Installation, "client" | "kube">,
  objects: Awaited<ReturnType<Installation["kube"]["objectsOf"]>>,
): Promise<void> {
  const deadline = Date.now() + gone_timeout_ms
  let left: string[] = []
  await until(
    "everything of the session being gone",
    async () => {
      left = await kube.leftOf(objects)
      return left.length === 0
    },
    { timeout_ms: gone_timeout_ms, every_ms: 500 },
  ).catch((error: unknown) => {
    expect(left).toEqual([])
    throw error
  })
  await until("the API answering 404", () => isMissing(client, objects.sessionId), {
    timeout_ms: Math.max(10_000, deadline - Date.now()),
  })
}

async function isMissing(client: Client, id: string): Promise<boolean> {
  return await client.get(id).then(
    () => false,
    (error: unknown) => {
      if (error instanceof ApiError && error.status === 404) return true
      throw error
    },
  )
}
