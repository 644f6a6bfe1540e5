import type { AuditSeal, StoredAuditEvent } from "../../../../server/audit/types.ts"
import { plural } from "../../format/numbers.ts"
import { ago } from "../../format/time.ts"

/** An action, or an attempt. `at` is milliseconds since the epoch. */
export type AuditEvent = StoredAuditEvent

/** How far the record is sealed. Times are milliseconds since the epoch. */
export type Seal = AuditSeal

/** An event that waits longer than this for a seal is more than bad luck. */
const WAITING_MS_MAX = 5 * 60_000

/** Whether sealing has stopped. */
export function isOverdue({ unsealed }: Seal, now: number): boolean {
  return unsealed.oldestAt !== null && now - unsealed.oldestAt > WAITING_MS_MAX
}

/** How far the record is sealed, in a sentence. */
export function sealWords({ checkpoint, unsealed }: Seal, now: number): string {
  const sealed = checkpoint
    ? `Sealed up to event ${checkpoint.lastId}, ${ago(checkpoint.sealedAt, now)}`
    : "Nothing is sealed yet"
  return unsealed.events === 0 ? `${sealed}.` : `${sealed}; ${plural(unsealed.events, "event")} since.`
}

/** What the record is narrowed to; it stands in the address, so that a search can be linked to. */
export interface AuditFilters {
  readonly action: string
  readonly outcome: string
  readonly actorId: string
  readonly sessionId: string
  /** Days as `2026-03-01` in the reader's own time, both included. */
  readonly from: string
  readonly until: string
}

export const NO_AUDIT_FILTERS: AuditFilters = {
  action: "",
  outcome: "",
  actorId: "",
  sessionId: "",
  from: "",
  until: "",
}

const NAMES = ["action", "outcome", "actorId", "sessionId", "from", "until"] as const

/** What can be asked for by subject. */
export const SUBJECTS = [
  ["login.", "Sign-ins"],
  ["session.", "Sessions"],
  ["credential.", "Use of credentials"],
  ["account.", "Linked accounts"],
  ["token.", "API tokens"],
  ["user.", "Users"],
  ["provider.", "Model providers"],
  ["audit.", "The audit log"],
  ["encryption.", "Encryption"],
] as const

/** Reads the filters of an address; what no filter can be is left out. */
export function auditFiltersFrom(search: URLSearchParams): AuditFilters {
  const values = NAMES.map((name) => [name, valueOf(name, search.get(name) ?? "")] as const)
  return { ...NO_AUDIT_FILTERS, ...Object.fromEntries(values) }
}

function valueOf(name: (typeof NAMES)[number], value: string): string {
  if (name === "outcome") return ["ok", "refused", "failed"].includes(value) ? value : ""
  if (name === "from" || name === "until") return dayStart(value) === null ? "" : value
  return value.slice(0, 128)
}

/** The parameters of an address that say the same. */
export function auditSearch(filters: AuditFilters): URLSearchParams {
  const set = NAMES.filter((name) => filters[name] !== "")
  return new URLSearchParams(set.map((name): [string, string] => [name, filters[name]]))
}

/** The parameters of the API: days become times, the last one until its end. */
export function auditQuery(filters: AuditFilters): Readonly<Record<string, string | number | null>> {
  const { from, until, ...rest } = filters
  return { ...rest, from: dayStart(from), until: dayStart(until, 1) }
}

/** The beginning of a day (or of one some days later) in the reader's own time, in milliseconds since the epoch. */
function dayStart(day: string, days = 0): number | null {
  const [, year, month, date] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(day) ?? []
  if (year === undefined) return null
  return new Date(Number(year), Number(month) - 1, Number(date) + days).getTime()
}

/** Facts as names and texts, for people. */
export function factsOf(event: Pick<AuditEvent, "facts">): readonly (readonly [name: string, text: string])[] {
  return Object.entries(event.facts).map(([name, value]) => [
    name,
    typeof value === "string" ? value : JSON.stringify(value),
  ])
}
