import { request } from "node:http"
import type { WorkloadBinding, WorkloadReport } from "../../pod-protocol/index.ts"
import { Failure } from "./failure.ts"

const ASK_AGAIN_MS = 50
const SIDECAR_START_MS = 30_000
// A broker that is being rolled over, or a pod whose address the cluster does not tell yet.
const BROKER_MS = 60_000
const REFUSED_MS = 10_000
// A cloud's metadata server that helpers ask takes some seconds to know a new pod.
const HELPER_MS = 10_000
const HELPER_AGAIN_MS = 1_000
const UNBOUND_POLL_MS = 500
const REQUEST_MS = 30_000
const REPORT_MS = 3_000
const ANSWER_BYTES_MAX = 8 * 1024 * 1024

export interface SidecarClient {
  /** Waits for the sidecar, then for the workload to be bound to a session. @throws Failure */
  binding(): Promise<WorkloadBinding>
  /** Tokens for the agent's environment, from the profile's helpers. @throws Failure `helper_failed` */
  environment(): Promise<Record<string, string>>
  /** Best effort: a lost report never stops the work. Resolves to whether it arrived. */
  report(report: Omit<WorkloadReport, "source">): Promise<boolean>
}

interface Answer {
  readonly status: number
  readonly body: string
}

/** Speaks to the sidecar on loopback. `sleep` waits that many milliseconds. */
export function createSidecarClient(options: {
  url: string
  now: () => number
  sleep: (ms: number) => Promise<void>
}): SidecarClient {
  const { url, now, sleep } = options
  return {
    async binding() {
      const startedAt = now()
      let refusedSince: number | null = null
      for (;;) {
        const answer = await send(new URL("/v1/workload", url), "GET", REQUEST_MS).catch(
          (error: NodeJS.ErrnoException) => error,
        )
        if (!(answer instanceof Error)) {
          if (answer.status === 200) return JSON.parse(answer.body) as WorkloadBinding
          const refused = answer.status === 401 || answer.status === 403
          refusedSince = refused ? (refusedSince ?? now()) : null
        }
        const failure = judge(answer, now() - startedAt, refusedSince === null ? 0 : now() - refusedSince)
        if (failure !== null) throw failure
        const unbound = !(answer instanceof Error) && answer.status === 204
        await sleep(unbound ? UNBOUND_POLL_MS : ASK_AGAIN_MS)
      }
    },
    async environment() {
      const startedAt = now()
      for (;;) {
        const { status, body } = await send(new URL("/v1/environment", url), "GET", REQUEST_MS)
        if (status === 200) return JSON.parse(body) as Record<string, string>
        if (now() - startedAt >= HELPER_MS) throw new Failure("helper_failed", messageOf(body))
        await sleep(HELPER_AGAIN_MS)
      }
    },
    async report(report) {
      try {
        const body = JSON.stringify({ source: "workspace-init", ...report })
        const { status } = await send(new URL("/v1/report", url), "POST", REPORT_MS, body)
        return status === 202
      } catch {
        return false
      }
    },
  }
}

/** Null while asking again makes sense. A workload that has no session yet may wait for ever. */
function judge(answer: Answer | Error, waited_ms: number, refused_ms: number): Failure | null {
  if (answer instanceof Error) {
    if (waited_ms < SIDECAR_START_MS) return null
    return new Failure("broker_unreachable", `The auth sidecar does not answer: ${answer.message}`)
  }
  const { status, body } = answer
  if (status === 204) return null
  // A view of the cluster that is behind refuses a pod that is only just there.
  if (status === 401 || status === 403) {
    return refused_ms < REFUSED_MS
      ? null
      : new Failure("broker_refused", `The broker refuses this pod: ${messageOf(body)}`)
  }
  if (waited_ms < BROKER_MS) return null
  return new Failure("broker_unreachable", `The broker does not answer (HTTP ${status}): ${messageOf(body)}`)
}

function messageOf(body: string): string {
  try {
    return (JSON.parse(body) as { error: { message: string } }).error.message
  } catch {
    return body.slice(0, 500)
  }
}

function send(url: URL, method: string, timeout: number, body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers =
      body === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(body) }
    const outgoing = request(url, { method, headers, timeout }, (response) => {
      const chunks: Buffer[] = []
      let bytes = 0
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length
        if (bytes > ANSWER_BYTES_MAX) outgoing.destroy(new Error("the answer is too large"))
        else chunks.push(chunk)
      })
      response.once("error", reject)
      response.once("end", () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString("utf8") }),
      )
    })
    outgoing.once("timeout", () => outgoing.destroy(new Error(`no answer within ${timeout} ms`)))
    outgoing.once("error", reject)
    outgoing.end(body)
  })
}
