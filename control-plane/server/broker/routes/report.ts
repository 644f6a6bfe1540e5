import type { IncomingMessage } from "node:http"
import {
  REPORT_BYTES_MAX,
  REPORT_PHASES,
  type ReportNotice,
  type VolumeUse,
  type WorkloadReport,
} from "../../../../pod-protocol/index.ts"
import type { Database } from "../../database/types.ts"
import { AppError } from "../../errors/index.ts"
import type { Clock } from "../../time/index.ts"
import { saveReport } from "../../workloads/index.ts"
import type { Caller } from "../identity/callers.ts"

const TEXT_CHARACTERS_MAX = 4_000
const LIST_ITEMS_MAX = 200
const CODE = /^[a-z_]{1,64}$/
const NOTICES_MAX = 8
const NOTICE_CHARACTERS_MAX = 600
const NAME_CHARACTERS_MAX = 253
// The agent can reach the sidecar too, so it may try to flood: the workload's row and the engine are spared.
const REPORTS_PER_WINDOW_MAX = 30
const WINDOW_MS = 10_000
const WINDOWS_KEPT_MAX = 10_000

/** `POST /v1/report`: stores what a container of the pod observed and wakes the engine. */
export function createReportRoute(options: { database: Database; clock: Clock }) {
  const { database, clock } = options
  const windows = new Map<string, { since: number; count: number }>()
  return async (caller: Caller, request: IncomingMessage): Promise<void> => {
    limit(windows, caller.pod.uid, clock.now())
    const report = readReport(await readJson(request))
    await saveReport(database, caller.pod.workloadId, caller.pod.uid, report)
  }
}

function limit(windows: Map<string, { since: number; count: number }>, pod: string, now: number): void {
  const window = windows.get(pod)
  if (window === undefined || now - window.since > WINDOW_MS) {
    if (windows.size >= WINDOWS_KEPT_MAX) windows.clear()
    windows.set(pod, { since: now, count: 1 })
  } else if (++window.count > REPORTS_PER_WINDOW_MAX) {
    throw new AppError("too_many_requests", "Too many reports from this pod.", { retryAfter_s: WINDOW_MS / 1_000 })
  }
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const text = await readText(request)
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new AppError("invalid_request", "The report is not JSON.", { cause })
  }
}

/** What is over the limit is not kept, and the connection stays usable for the answer. */
function readText(request: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let bytes = 0
    request.on("data", (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes <= REPORT_BYTES_MAX) chunks.push(chunk)
      else reject(new AppError("too_large", `A report has at most ${REPORT_BYTES_MAX} bytes.`))
    })
    request.once("error", reject)
    request.once("end", () => resolve(Buffer.concat(chunks).toString("utf8")))
  })
}

const SOURCES: readonly WorkloadReport["source"][] = ["workspace-init", "agent"]

/**
 * A report with only the fields that are known, cut to their limits. Whatever runs in the pod can write one, so nothing
 * in it is more than a hint, and every text is data.
 * @throws AppError `invalid_request`.
 */
export function readReport(value: unknown): WorkloadReport {
  const input = (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>
  const source = SOURCES.find((name) => name === input["source"])
  if (source === undefined) throw new AppError("invalid_request", `A report's source is one of ${SOURCES.join(", ")}.`)
  const phase = REPORT_PHASES.find((name) => name === input["phase"])
  if (input["phase"] !== undefined && phase === undefined) {
    throw new AppError("invalid_request", `A report's phase is one of ${REPORT_PHASES.join(", ")}.`)
  }
  const { code, message, helpers } = input
  const volume = readVolume(input["volume"])
  return {
    source,
    ...(phase === undefined ? {} : { phase }),
    ...(typeof code === "string" && CODE.test(code) ? { code } : {}),
    ...(typeof message === "string" ? { message: plainText(message, TEXT_CHARACTERS_MAX) } : {}),
    ...(typeof helpers === "object" && helpers !== null
      ? { helpers: readHelpers(helpers as Record<string, unknown>) }
      : {}),
    ...(volume === null ? {} : { volume }),
    ...(Array.isArray(input["notices"]) ? { notices: readNotices(input["notices"]) } : {}),
  }
}

function readNotices(values: readonly unknown[]): ReportNotice[] {
  return values.slice(0, NOTICES_MAX).flatMap((value) => {
    const { code, message } = (value ?? {}) as Record<string, unknown>
    if (typeof code !== "string" || !CODE.test(code) || typeof message !== "string") return []
    return [{ code, message: plainText(message, NOTICE_CHARACTERS_MAX) }]
  })
}

function readVolume(value: unknown): VolumeUse | null {
  const { totalBytes, freeBytes, reserve } = (value ?? {}) as Record<string, unknown>
  const isCount = (given: unknown): given is number => Number.isSafeInteger(given) && (given as number) >= 0
  if (!isCount(totalBytes) || !isCount(freeBytes) || freeBytes > totalBytes) return null
  return { totalBytes, freeBytes, reserve: reserve === true }
}

function readHelpers(input: Record<string, unknown>): NonNullable<WorkloadReport["helpers"]> {
  return {
    settingsPresent: input["settingsPresent"] === true,
    names: Array.isArray(input["names"]) ? names(input["names"]) : [],
  }
}

function names(values: readonly unknown[]): string[] {
  const texts = values.filter((value) => typeof value === "string")
  return texts.slice(0, LIST_ITEMS_MAX).map((text) => plainText(text, NAME_CHARACTERS_MAX))
}

/**
 * Without control characters (PostgreSQL's jsonb takes no NUL, terminals obey escapes), line breaks kept. A cut through a
 * pair of surrogates leaves half of it, which jsonb refuses.
 */
function plainText(text: string, characters_max: number): string {
  return text
    .replace(/[\0-\x09\x0b-\x1f\x7f]/g, " ")
    .slice(0, characters_max)
    .toWellFormed()
}
