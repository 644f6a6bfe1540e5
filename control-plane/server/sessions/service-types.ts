import type { Readable } from "node:stream"
import type { ArtifactFile, Artifacts } from "../artifacts/types.ts"
import type { BindingInput } from "../credentials/index.ts"
import type { Principal } from "../identity/types.ts"
import type { Activity, PermissionReply, QuestionReply } from "../runtime/types.ts"
import type { Visibility } from "../settings/types.ts"
import type { AgentRequest, Message, SessionEvent, Transcripts } from "../transcripts/types.ts"
import type { Reason } from "../workloads/types.ts"
import type { SessionRecord, SessionRepository, SessionStatus, StartStep } from "./types.ts"

/** A session as one caller may see it: the body of `GET /api/sessions/:id`. Times are milliseconds since the epoch. */
export interface SessionView {
  readonly id: string
  readonly title: string
  readonly owner: { readonly id: string; readonly name: string; readonly email: string }
  readonly visibility: Visibility
  readonly desired: SessionRecord["desired"]
  readonly status: SessionStatus
  readonly activity: Activity
  readonly reason: Reason | null
  readonly steps: readonly StartStep[]
  readonly repository: (Pick<SessionRepository, "url" | "ref"> & Partial<SessionRepository>) | null
  readonly profile: string | null
  /** Kind of the binding that it has instead of the profile's. */
  readonly binding?: BindingInput["type"] | null
  readonly environmentFiles?: readonly string[]
  readonly tags: Readonly<Record<string, string>>
  readonly lastMessage: SessionRecord["lastMessage"]
  readonly helpers: { readonly settingsPresent: boolean; readonly names: readonly string[] } | null
  /** Room on its volume as the pod last told, in bytes; null: not told. */
  readonly volume?: { readonly totalBytes: number; readonly freeBytes: number } | null
  readonly createdAt: number
  readonly updatedAt: number
  /** What this caller may do, so that the UI asks nobody else. */
  readonly may: { readonly write: boolean; readonly manage: boolean; readonly readFiles: boolean }
}

export interface CreateSession {
  readonly title?: string
  /** Absent: the user's setting. */
  readonly private?: boolean
  readonly initialUserPrompt?: string
  readonly repository?: {
    readonly url: string
    readonly ref?: string
    readonly depth?: number
    readonly submodules?: boolean
  }
  readonly profile?: string
  readonly binding?: BindingInput
  /** Later ones go over earlier ones, `environment` over all. */
  readonly environmentFiles?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly tags?: Readonly<Record<string, string>>
}

export interface SessionQuery {
  readonly visibility?: Visibility
  readonly status?: SessionStatus
  readonly owner?: string
  readonly tags: Readonly<Record<string, string>>
  readonly q?: string
  readonly cursor?: string
  readonly limit: number
}

/**
 * What may be done with sessions. Every method decides first whether the principal may (sessions/permissions) and
 * answers `not_found` where existence itself is private.
 */
export interface Sessions {
  /** `created` is false when the idempotency key had made it before. @throws AppError `idempotency_mismatch`, `limit_reached` */
  create(
    principal: Principal,
    input: CreateSession,
    idempotencyKey?: string,
  ): Promise<{ session: SessionView; created: boolean }>
  list(principal: Principal, query: SessionQuery): Promise<{ items: SessionView[]; nextCursor: string | null }>
  get(principal: Principal, id: string): Promise<SessionView>
  update(
    principal: Principal,
    id: string,
    patch: { title?: string; visibility?: Visibility; tags?: Readonly<Record<string, string>> },
  ): Promise<SessionView>
  start(principal: Principal, id: string): Promise<SessionView>
  stop(principal: Principal, id: string): Promise<SessionView>
  /** Makes the session's volume larger. @throws AppError `invalid_request`, `conflict`, `upstream_refused` */
  enlarge(principal: Principal, id: string, volume: { storageSize: string }): Promise<SessionView>
  /** Acknowledged once stored; everything of it is gone soon after. Idempotent for the owner. */
  delete(principal: Principal, id: string): Promise<void>
  messages(principal: Principal, id: string, page: { before?: number; limit: number }): ReturnType<Transcripts["list"]>
  prompt(principal: Principal, id: string, input: { id?: string; text: string }): Promise<Message>
  abort(principal: Principal, id: string): Promise<void>
  requests(principal: Principal, id: string): Promise<AgentRequest[]>
  answer(principal: Principal, id: string, requestId: string, reply: PermissionReply | QuestionReply): Promise<void>
  /** Ends by itself when the principal loses the right to see the session or it is deleted; re-checked at least every 3 s. */
  watch(
    principal: Principal,
    id: string,
    afterSeq: number,
    signal: AbortSignal,
  ): AsyncIterable<readonly SessionEvent[] | "reset">
  /** What is kept of a session in the object store, also after it was deleted, for who may (then: might) read it. */
  artifacts(principal: Principal, id: string): Promise<Pick<Artifacts, "files" | "state" | "trouble">>
  /** @throws AppError `not_found`, `unavailable` while the object store is */
  artifact(principal: Principal, id: string, name: string): Promise<ArtifactFile & { content: Readable }>
  /** Changes of all sessions that the principal may see; `null` means "something may have been missed: read the list again". */
  watchAll(
    principal: Principal,
    signal: AbortSignal,
  ): AsyncIterable<{ type: "session"; session: SessionView } | { type: "gone"; id: string } | null>
}
