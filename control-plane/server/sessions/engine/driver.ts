import type { Logger } from "pino"
import { AppError, isAppError } from "../../errors/index.ts"
import { staleLease } from "../../leases/index.ts"
import type { Lease } from "../../leases/types.ts"
import { hintFor } from "../../workloads/index.ts"
import { settle } from "../store/driver-writes.ts"
import { AgentLink, type Reach } from "./agent-link.ts"
import { deleteSession, failSession, stopSession } from "./ending.ts"
import { Journal } from "./journal.ts"
import { TIMES } from "./limits.ts"
import type { DriverParts, NextLook, Pass } from "./pass.ts"
import { newRepairMemory } from "./repairing.ts"
import { runSession } from "./running.ts"

/**
 * Drives one session under one lease: looks at the row and the cluster, moves one step, waits, looks again. Every step
 * may be repeated, and the process may be killed between any two of them. Ends when there is nothing to drive, when the
 * lease is lost, or when stopped.
 */
export class SessionDriver {
  readonly lease: Lease
  /** Resolves when nothing more is written; never rejects. True: the lease is to be given back. */
  readonly done: Promise<boolean>
  readonly #parts: DriverParts
  readonly #journal: Journal
  readonly #link: AgentLink
  readonly #stop = new AbortController()
  readonly #log: Logger
  #renewedAt: number
  #woken = Promise.withResolvers<void>()
  readonly #memory: Pass["memory"] = {
    liveLookAt: 0,
    askedAt: 0,
    words: null,
    volumeTold: null,
    repairs: newRepairMemory(),
  }
  #announced = false
  /** Since when it does something, and does not wait for something to do. */
  #busySince: number | null = null

  constructor(parts: DriverParts, lease: Lease, claimedAt: number) {
    this.#parts = parts
    this.lease = lease
    this.#renewedAt = claimedAt
    this.#log = parts.log.child({ session: lease.sessionId })
    this.#journal = new Journal({ ...parts, lease })
    this.#link = new AgentLink({
      ...parts,
      log: this.#log,
      journal: this.#journal,
      guard: this.#guard,
      wake: this.wake,
    })
    this.done = this.#run()
  }

  /** How long the step that is under way takes already; 0 between two steps. */
  step_ms(now: number): number {
    return this.#busySince === null ? 0 : now - this.#busySince
  }

  /** How well the agent is reached from here; null while there is none, or it never was. */
  get reach(): Reach | null {
    return this.#link.reach(this.#parts.clock.now())
  }

  /** Look again now. */
  readonly wake = (): void => this.#woken.resolve()

  /** The lease was prolonged by a request that was sent at `at`. */
  renewed(at: number): void {
    this.#renewedAt = at
  }

  /** Ends it without another write. */
  stop(): void {
    this.#stop.abort(new Error("stopped"))
    this.wake()
  }

  /** Fails when the lease may have run out: a paused process must not act on what it knew before the pause. */
  readonly #guard = (): void => {
    const age_ms = this.#parts.clock.now() - this.#renewedAt
    if (!this.#stop.signal.aborted && age_ms < TIMES.lease_valid_ms) return
    throw staleLease(this.lease, `renewed ${age_ms} ms ago`)
  }

  async #run(): Promise<boolean> {
    let failures = 0
    let outcome: NextLook = 0
    while (!this.#stop.signal.aborted && typeof outcome === "number") {
      this.#woken = Promise.withResolvers()
      this.#busySince = this.#parts.clock.now()
      try {
        outcome = await this.#pass()
        failures = 0
      } catch (error) {
        if (isAppError(error, "stale_lease")) break
        this.#log.warn({ err: error }, "a step failed and is tried again")
        await this.#tellWaiting(error).catch(() => undefined)
        outcome = Math.min(TIMES.backoff_min_ms * 2 ** failures++, TIMES.backoff_max_ms)
        this.#busySince = null
        // Not shortened by being woken: what fails fast must not be repeated fast.
        await this.#parts.clock.sleep(Math.min(outcome, TIMES.look_ms), this.#stop.signal).catch(() => undefined)
      }
      this.#busySince = null
      if (typeof outcome === "number" && outcome > 0) await this.#nap(outcome)
    }
    this.#busySince = this.#parts.clock.now()
    await this.#link
      .close()
      .catch((error: unknown) => this.#log.warn({ err: error }, "a connection did not close cleanly"))
    return outcome !== "gone"
  }

  /** Who waits for a step that Kubernetes does not answer should not have to guess; what was said before stays. */
  async #tellWaiting(error: unknown): Promise<void> {
    if (!isAppError(error, "unavailable") || error.details?.["kubernetes"] === undefined) return
    const { reason, status } = await this.#journal.load()
    if (reason !== null || status === "running") return
    const code = "cluster_unavailable"
    await this.#journal.update({ reason: { code, message: error.message, hint: hintFor(code) } })
  }

  /** Until woken, stopped, or the time is over. */
  async #nap(wait_ms: number): Promise<void> {
    const nap = new AbortController()
    void this.#woken.promise.then(() => nap.abort(new Error("woken")))
    await this.#parts.clock.sleep(wait_ms, nap.signal).catch(() => undefined)
  }

  async #pass(): Promise<NextLook> {
    this.#guard()
    const session = this.#announced ? await this.#journal.load() : await this.#journal.publish()
    this.#announced = true
    const workload = await this.#parts.workloads.store.ofSession(session.id)
    if (workload === null) throw new AppError("internal", "A session has no workload.", { detail: session.id })
    const pass: Pass = {
      parts: this.#parts,
      journal: this.#journal,
      link: this.#link,
      session,
      workload,
      guard: this.#guard,
      memory: this.#memory,
    }
    const outcome = await step(pass)
    if (outcome !== "fulfilled") return outcome
    return (await settle(this.#parts.database, this.lease, session.generation)) ? "fulfilled" : 0
  }
}

async function step(pass: Pass): Promise<NextLook> {
  const { desired, generation, failedGeneration } = pass.session
  if (desired === "deleted") return await deleteSession(pass)
  if (desired === "stopped") return await stopSession(pass)
  return failedGeneration === generation ? await failSession(pass) : await runSession(pass)
}
