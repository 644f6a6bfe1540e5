import { AppError } from "../../errors/index.ts"
import type { Principal } from "../../identity/types.ts"
import type { Sessions } from "../../sessions/service-types.ts"
import { merge } from "../streams/merge.ts"
import type { ServerSentEvent } from "../streams/writer.ts"
import type { Call } from "./route.ts"

type Following = Pick<Call, "principal" | "signal"> & { query: { sessions?: string } }

/** One request for what a browser shows: it opens few connections to one host, and has many windows. */
export function streamHandlers(sessions: Sessions) {
  return {
    async *follow({ principal, query, signal }: Following): AsyncIterable<ServerSentEvent> {
      yield null
      const transcripts = placesOf(query.sessions).map(([id, after]) =>
        transcriptOf(sessions, { principal, id, after, signal }),
      )
      yield* merge([listOf(sessions, principal, signal), ...transcripts])
    },
  }
}

/** The list, and every transcript. */
export function weightOf({ sessions }: { readonly sessions?: unknown }): number {
  return 1 + placesOf(sessions === undefined ? undefined : String(sessions)).length
}

function placesOf(sessions = ""): readonly (readonly [id: string, after: number])[] {
  const places = sessions.split(",").filter((place) => place !== "")
  const ids = new Map(places.map((place) => place.split(":") as [string, string]))
  if (ids.size < places.length) throw new AppError("invalid_request", "query.sessions names a session twice.")
  return [...ids].map(([id, after]) => [id, Number(after)])
}

async function* listOf(sessions: Sessions, principal: Principal, signal: AbortSignal): AsyncGenerator<ServerSentEvent> {
  for await (const change of sessions.watchAll(principal, signal)) {
    yield change === null ? { event: "reset", data: {} } : { event: change.type, data: change }
  }
}

/** A transcript's events. That one cannot be followed, or not any longer, ends none of the others. */
async function* transcriptOf(
  sessions: Sessions,
  { principal, id, after, signal }: { principal: Principal; id: string; after: number; signal: AbortSignal },
): AsyncGenerator<ServerSentEvent> {
  const said = <Data extends { type: string }>(data: Data) => ({ event: data.type, data })
  try {
    for await (const batch of sessions.watch(principal, id, after, signal)) {
      if (batch === "reset") yield said({ type: "session.reread", sessionId: id })
      else for (const { seq, change } of batch) yield said({ ...change, sessionId: id, seq })
    }
  } catch (error) {
    const isRefused = error instanceof AppError && (error.code === "not_found" || error.code === "forbidden")
    if (!isRefused) throw error
  }
  if (!signal.aborted) yield said({ type: "session.ended", sessionId: id })
}
