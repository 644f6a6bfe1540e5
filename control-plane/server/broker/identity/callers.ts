import type { IncomingMessage } from "node:http"
import type { Database } from "../../database/types.ts"
import { AppError } from "../../errors/index.ts"
import { findCaller, type StoredCaller } from "../store.ts"
import type { PodCheck } from "./pods.ts"
import type { TokenVerifier } from "./tokens.ts"
import type { LivePod } from "./types.ts"

const TOKEN_CHARACTERS_MAX = 8_192

/** Who calls: a live pod, its workload, and the session that it is bound to, if it is. */
export interface Caller {
  readonly pod: LivePod
  readonly session: CallerSession | null
}

export type CallerSession = NonNullable<StoredCaller["session"]>

export interface Callers {
  /** Read anew for every request, so that a deleted session or a disabled user bites on the next one. */
  identify(request: IncomingMessage): Promise<Caller>
}

/** @throws (from `identify`) AppError `unauthenticated`, `forbidden`, `unavailable`. */
export function createCallers(options: { tokens: TokenVerifier; pods: PodCheck; database: Database }): Callers {
  const { tokens, pods, database } = options
  return {
    async identify(request) {
      const claims = await tokens.verify(bearerOf(request))
      const pod = await pods.check(claims, request.socket.remoteAddress ?? "")
      const stored = await findCaller(database, pod.workloadId)
      if (stored === null || pod.name !== `${stored.workloadName}-0`) {
        throw new AppError("forbidden", "Unknown workload. It may have been deleted.")
      }
      if (stored.session === null) return { pod, session: null }
      if (stored.session.desired === "deleted") throw new AppError("forbidden", "This session was deleted.")
      if (stored.session.owner.disabled)
        throw new AppError("forbidden", "The account of this session's owner is disabled.")
      return { pod, session: stored.session }
    },
  }
}

/** The session of a caller that needs one. @throws AppError `forbidden` while the workload is not bound. */
export function sessionOf(caller: Caller): CallerSession {
  if (caller.session === null) throw new AppError("forbidden", "This workload has no session yet.")
  return caller.session
}

function bearerOf(request: IncomingMessage): string {
  const value = request.headers.authorization ?? ""
  const token = value.startsWith("Bearer ") ? value.slice("Bearer ".length) : ""
  if (token === "" || token.length > TOKEN_CHARACTERS_MAX) {
    throw new AppError("unauthenticated", "A pod's token is needed.")
  }
  return token
}
