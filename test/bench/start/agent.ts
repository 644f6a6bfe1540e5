import { setTimeout as pause } from "node:timers/promises"

/** Not less: an agent that is busy with its start may need so long for an answer. */
const attempt_ms = 1_000
const every_ms = 100

/**
 * Waits until an agent answers HTTP. A request that comes between the opening of its port and the start of its server
 * is never answered, so a new one is sent every tenth of a second whether or not the ones before have ended.
 * @param address of the pod
 * @returns the time of the first 200 (`performance.now()`)
 */
export async function firstAnswer(address: string, timeout_ms: number): Promise<number> {
  const deadline = performance.now() + timeout_ms
  let first: number | undefined
  while (first === undefined && performance.now() < deadline) {
    void answers(address).then((ok) => {
      if (ok) first ??= performance.now()
    })
    await pause(every_ms)
  }
  if (first === undefined) throw new Error(`the agent at ${address} did not answer within ${timeout_ms} ms`)
  return first
}

async function answers(address: string): Promise<boolean> {
  try {
    const response = await fetch(`http://${address}:4096/site.webmanifest`, {
      signal: AbortSignal.timeout(attempt_ms),
      headers: { connection: "close" },
    })
    await response.arrayBuffer()
    return response.status === 200
  } catch {
    return false // not listening yet, or one of the requests that are never answered
  }
}

/** One turn against an agent without anything in between; ends with its answer. @throws Error with the agent's words */
export async function takeTurn(address: string, password: string, text: string, timeout_ms: number): Promise<void> {
  const authorization = `Basic ${Buffer.from(`opencode:${password}`).toString("base64")}`
  const post = async (path: string, body: object) => {
    const response = await fetch(`http://${address}:4096${path}`, {
      method: "POST",
      headers: { authorization, "content-type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(timeout_ms),
    })
    const answer = await response.text()
    if (!response.ok) throw new Error(`POST ${path}: ${response.status} ${answer.slice(0, 300)}`)
    return JSON.parse(answer) as { id?: string; info?: { error?: unknown } }
  }
  const { id } = await post("/session", {})
  const { info } = await post(`/session/${id}/message`, { parts: [{ type: "text", text }] })
  if (info?.error !== undefined) throw new Error(`the agent's turn failed: ${JSON.stringify(info.error)}`)
}
