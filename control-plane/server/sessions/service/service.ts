import type { ArtifactKeeper } from "../../artifacts/index.ts"
import type { Audit } from "../../audit/types.ts"
import type { Config } from "../../config/types.ts"
import type { SessionChoices, Vault } from "../../credentials/index.ts"
import { newId } from "../../crypto/index.ts"
import { translateDatabaseError, withTransaction } from "../../database/index.ts"
import type { Database, Notifications } from "../../database/types.ts"
import { AppError } from "../../errors/index.ts"
import type { Principal } from "../../identity/types.ts"
import type { PermissionReply, QuestionReply, Runtime } from "../../runtime/types.ts"
import type { Clock } from "../../time/index.ts"
import type { Transcripts } from "../../transcripts/types.ts"
import type { Workloads } from "../../workloads/index.ts"
import type { Engine } from "../engine/engine.ts"
import { DEFAULT_TITLE, titleFrom } from "../input.ts"
import { requireAccess, visibleTo } from "../permissions.ts"
import type { Sessions, SessionView } from "../service-types.ts"
import { firstSteps } from "../steps.ts"
import type { StoredSession } from "../store/rows.ts"
import { encodeCursor, findSession, listSessions, lockOwner, lockWish, updateDetails, wish } from "../store/sessions.ts"
import { sharedView, viewOf } from "../view.ts"
import { keptOf } from "./artifacts.ts"
import { firstPromptId, requireRoom, storeSession } from "./create.ts"
import { RightsWatch } from "./rights.ts"
import { watchAll } from "./watch-all.ts"

export interface SessionsParts {
  readonly database: Database
  readonly transcripts: Transcripts
  readonly runtime: Runtime
  readonly workloads: Workloads
  /** Absent where nothing is kept of a session. */
  readonly artifacts?: Pick<ArtifactKeeper, "find" | "read"> | undefined
  readonly vault: Vault
  readonly choices: SessionChoices
  readonly clock: Clock
  readonly notifications: Notifications
  readonly config: {
    readonly file: {
      readonly sessions: Pick<Config["file"]["sessions"], "maxPerUser" | "maxVolumesPerUser" | "defaultVisibility">
    }
  }
  readonly audit: Audit
  /** The engine of this process: a new wish is driven at once, without the way over the database. */
  readonly engine: Pick<Engine, "wake">
}

/** What may be done with sessions. Wishes are stored; the engine fulfils them. */
export function createSessions(parts: SessionsParts): Sessions {
  const rights = new RightsWatch(parts)
  const service = new SessionService(parts)
  return {
    create: (principal, input, key) => service.create(principal, input, key),
    list: (principal, query) => service.list(principal, query),
    get: async (principal, id) => viewOf(await service.find(principal, id, "exists"), principal),
    update: (principal, id, patch) => service.update(principal, id, patch),
    start: (principal, id) => service.start(principal, id),
    stop: (principal, id) => service.stop(principal, id),
    enlarge: (principal, id, volume) => service.enlarge(principal, id, volume),
    delete: (principal, id) => service.delete(principal, id),
    async messages(principal, id, page) {
      await service.find(principal, id, "read")
      return await parts.transcripts.list(id, page)
    },
    prompt: (principal, id, input) => service.prompt(principal, id, input),
    abort: (principal, id) => service.abort(principal, id),
    async requests(principal, id) {
      await service.find(principal, id, "read")
      return await parts.transcripts.requests(id, "open")
    },
    answer: (principal, id, requestId, reply) => service.answer(principal, id, requestId, reply),
    async *watch(principal, id, afterSeq, signal) {
      await service.find(principal, id, "read")
      const ending = new AbortController()
      const unwatch = rights.watch(id, principal, () => ending.abort(new Error("no longer allowed")))
      try {
        yield* parts.transcripts.watch(id, afterSeq, AbortSignal.any([signal, ending.signal]))
      } finally {
        unwatch()
      }
    },
    artifacts: async (principal, id) =>
      (await keptOf(parts, principal, id)) ?? { files: [], state: "written", trouble: null },
    async artifact(principal, id, name) {
      const kept = await keptOf(parts, principal, id)
      const file = kept?.files.find((one) => one.name === name)
      const content = file === undefined ? null : await parts.artifacts?.read(id, file.name)
      if (file === undefined || content == null) throw new AppError("not_found", "There is no such kept file.")
      return { ...file, content }
    },
    watchAll: (principal, signal) => watchAll(parts, principal, signal),
  }
}

class SessionService {
  readonly #parts: SessionsParts
  readonly #maxPerUser: number

  constructor(parts: SessionsParts) {
    this.#parts = parts
    this.#maxPerUser = parts.config.file.sessions.maxPerUser
  }

  async create(
    principal: Principal,
    input: Parameters<Sessions["create"]>[1],
    key: string | undefined,
  ): Promise<{ session: SessionView; created: boolean }> {
    const { engine, transcripts } = this.#parts
    const { id, created } = await storeSession(
      { ...this.#parts, ...this.#parts.config.file.sessions, defaults: this.#parts.config.file.sessions },
      principal,
      input,
      key,
    )
    if (created) {
      engine.wake(id)
      const exposure = await this.#parts.choices.exposure(input, principal.role)
      await this.#record(principal, "session.create", id, { repository: input.repository?.url ?? null, ...exposure })
    }
    const text = input.initialUserPrompt
    // Also when the key is used again: the first attempt may not have come as far as here.
    if (text !== undefined) {
      await transcripts.queuePrompt({ sessionId: id, id: firstPromptId(id), authorId: principal.userId, text })
    }
    return { session: viewOf(await this.find(principal, id, "own"), principal), created }
  }

  async list(
    principal: Principal,
    query: Parameters<Sessions["list"]>[1],
  ): Promise<{ items: SessionView[]; nextCursor: string | null }> {
    const { database } = this.#parts
    const found = await listSessions(database, { ...query, limit: query.limit + 1, visible: visibleTo(principal) })
    const page = found.slice(0, query.limit)
    const last = page.at(-1)
    const nextCursor = found.length > query.limit && last !== undefined ? encodeCursor(last) : null
    return { items: page.map((session) => viewOf(session, principal)), nextCursor }
  }

  /** @throws AppError `not_found`, `forbidden` */
  async find(principal: Principal, id: string, needed: Parameters<typeof requireAccess>[2]): Promise<StoredSession> {
    const session = await findSession(this.#parts.database, id).catch((error: unknown) => {
      throw translateDatabaseError(error)
    })
    requireAccess(session, principal, needed)
    if (session === null) throw new AppError("not_found", "There is no such session.")
    return session
  }

  async update(principal: Principal, id: string, patch: Parameters<Sessions["update"]>[2]): Promise<SessionView> {
    const before = await this.find(principal, id, "write")
    await updateDetails(this.#parts.database, id, patch)
    const { visibility: wanted = before.visibility } = patch
    const visibility = wanted === before.visibility ? {} : { visibility: wanted }
    await this.#record(principal, "session.update", id, { fields: Object.keys(patch), ...visibility })
    return await this.#announce(principal, id)
  }

  async start(principal: Principal, id: string): Promise<SessionView> {
    await this.find(principal, id, "write")
    const news = await withTransaction(this.#parts.database, (transaction) => this.#run(transaction, principal, id))
    if (news) this.#parts.engine.wake(id)
    if (news) await this.#record(principal, "session.start", id)
    return await this.#announce(principal, id)
  }

  /** Sets the desired state to running. Returns false when it was that already, which stays so until the commit. */
  async #run(transaction: Database, principal: Principal, id: string): Promise<boolean> {
    await lockOwner(transaction, principal.userId)
    await lockWish(transaction, id)
    const session = await findSession(transaction, id)
    if (session === null || session.desired === "deleted") throw new AppError("not_found", "There is no such session.")
    if (session.desired === "running" && session.failedGeneration !== session.generation) return false
    await requireRoom(this.#maxPerUser, transaction, principal.userId)
    const steps = firstSteps(this.#parts.clock.now())
    return await wish(transaction, id, { desired: "running", status: "starting", steps })
  }

  async stop(principal: Principal, id: string): Promise<SessionView> {
    const session = await this.find(principal, id, "write")
    if (session.desired === "running") {
      await wish(this.#parts.database, id, { desired: "stopped", status: "stopping" })
      this.#parts.engine.wake(id)
      await this.#record(principal, "session.stop", id)
    }
    return await this.#announce(principal, id)
  }

  async enlarge(principal: Principal, id: string, { storageSize }: { storageSize: string }): Promise<SessionView> {
    const session = await this.find(principal, id, "write")
    if (session.desired === "deleted") throw new AppError("not_found", "There is no such session.")
    await this.#parts.workloads.enlarge(id, storageSize)
    await this.#record(principal, "session.volume", id, { storageSize })
    return await this.#announce(principal, id)
  }

  async delete(principal: Principal, id: string): Promise<void> {
    const session = await this.find(principal, id, "write")
    if (session.desired === "deleted") return
    if (!(await wish(this.#parts.database, id, { desired: "deleted", status: "deleting" }))) return
    this.#parts.engine.wake(id)
    await this.#record(principal, "session.delete", id)
    // The session may be gone by now: there is nobody left to tell then.
    await this.#announce(principal, id).catch(() => undefined)
  }

  async prompt(
    principal: Principal,
    id: string,
    input: Parameters<Sessions["prompt"]>[2],
  ): ReturnType<Sessions["prompt"]> {
    const { transcripts, engine, database } = this.#parts
    const session = await this.find(principal, id, "write")
    const prompt = { sessionId: id, id: input.id ?? newId("msg"), authorId: principal.userId, text: input.text }
    let started = false
    // Both or none, and no stop in between: a prompt that is accepted is also going to be sent.
    const message = await transcripts.queuePrompt(prompt, async (transaction) => {
      started = await this.#run(transaction, principal, id)
    })
    engine.wake(id)
    const untitled = session.title === DEFAULT_TITLE
    if (untitled) await updateDetails(database, id, { title: titleFrom(input.text) })
    if (untitled || started) await this.#announce(principal, id)
    return message
  }

  async abort(principal: Principal, id: string): Promise<void> {
    const session = await this.find(principal, id, "write")
    const target = await this.#target(session)
    if (session.agentSessionId === null) throw notRunning()
    await this.#parts.runtime.abort(target, session.agentSessionId)
    await this.#record(principal, "session.abort", id)
  }

  async answer(
    principal: Principal,
    id: string,
    requestId: string,
    reply: PermissionReply | QuestionReply,
  ): Promise<void> {
    const { runtime, transcripts } = this.#parts
    const session = await this.find(principal, id, "write")
    const request = (await transcripts.requests(id, "open")).find((one) => one.id === requestId)
    if (request === undefined) throw new AppError("not_found", "The agent no longer asks this.")
    const target = await this.#target(session)
    if (request.kind === "permission" && "reply" in reply) {
      await runtime.answerPermission(target, requestId, reply)
      await this.#record(principal, "request.answer", id, { kind: request.kind, reply: reply.reply })
    } else if (request.kind === "question" && !("reply" in reply)) {
      await runtime.answerQuestion(target, requestId, reply)
      await this.#record(principal, "request.answer", id, { kind: request.kind })
    } else {
      throw new AppError("invalid_request", `This is a ${request.kind}; the answer is for the other kind.`)
    }
  }

  async #target(session: StoredSession) {
    const { workloads } = this.#parts
    const workload = session.status === "running" ? await workloads.store.ofSession(session.id) : null
    const pod = workload === null ? null : workloads.observe(workload).pod
    const target = workload === null || pod === null || pod.deleting ? null : workloads.target(workload, pod)
    if (target === null) throw notRunning()
    return target
  }

  /** Tells the session's watchers how it stands now, and the caller too. */
  async #announce(principal: Principal, id: string): Promise<SessionView> {
    const session = await this.find(principal, id, "exists")
    await this.#parts.transcripts.publish(id, { type: "session.updated", session: { ...sharedView(session) } })
    return viewOf(session, principal)
  }

  async #record(principal: Principal, action: string, sessionId: string, facts: Record<string, unknown> = {}) {
    const { userId, email, method } = principal
    await this.#parts.audit.record({
      actorId: userId,
      actor: email,
      action,
      sessionId,
      outcome: "ok",
      facts: { ...facts, method },
    })
  }
}

function notRunning(): AppError {
  return new AppError("session_not_running", "The session does not run at the moment.", { retryAfter_s: 2 })
}
