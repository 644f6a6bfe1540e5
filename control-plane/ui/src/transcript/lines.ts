import type { SessionView } from "../api/types.ts"
import type { Outgoing } from "./rows/UserRow.tsx"
import { isWaiting, type Row } from "./rows.ts"

/** A row of the transcript, or one of the lines around it. */
export type Line =
  | Row
  | { readonly kind: "outgoing"; readonly key: string; readonly item: Outgoing }
  | { readonly kind: "start"; readonly key: string; readonly session: SessionView }
  | { readonly kind: "working"; readonly key: string }

export interface Surroundings {
  readonly outgoing: readonly Outgoing[]
  readonly session: SessionView | null
  readonly busy: boolean
}

/** The rows with what stands before and after them. */
export function linesOf(rows: readonly Row[], { outgoing, session, busy }: Surroundings): readonly Line[] {
  const shown = new Set(rows.map((row) => row.key))
  const lines: Line[] = []
  const waiting = rows.findIndex((row) => row.kind === "user" && isWaiting(row.message))
  const done = waiting === -1 ? rows : rows.slice(0, waiting)
  lines.push(...done)
  if (busy && !isMoving(done.at(-1))) lines.push({ kind: "working", key: "working" })
  lines.push(...rows.slice(done.length))
  for (const item of outgoing) if (!shown.has(item.id)) lines.push({ kind: "outgoing", key: item.id, item })
  if (session && isStarting(session)) lines.push({ kind: "start", key: "start", session })
  return lines
}

/** The last row shows by itself that something goes on. */
function isMoving(row: Row | undefined): boolean {
  return row?.kind === "part" && (row.part.body.tool?.status === "running" || (row.live && row.part.type !== "tool"))
}

function isStarting({ status }: SessionView): boolean {
  return status === "creating" || status === "starting" || status === "failed"
}
