import type { Logger } from "pino"
import type { Config } from "../../config/types.ts"
import type { Database, Notifications } from "../../database/types.ts"
import type { Lease } from "../../leases/types.ts"
import type { Runtime } from "../../runtime/types.ts"
import type { Clock } from "../../time/index.ts"
import type { Transcripts } from "../../transcripts/types.ts"
import type { Workloads } from "../../workloads/index.ts"
import { flagDrift } from "../store/driver-writes.ts"
import { claimLeases, claimNamedLeases, endLeftovers, releaseLease, renewLeases } from "../store/leases.ts"
import type { Reach } from "./agent-link.ts"
import { SessionDriver } from "./driver.ts"
import { COUNTS, TIMES } from "./limits.ts"
import type { DriverParts } from "./pass.ts"

export interface EngineParts {
  readonly database: Database
  readonly transcripts: Transcripts
  readonly runtime: Runtime
  readonly workloads: Workloads
  readonly artifacts?: DriverParts["artifacts"]
  readonly notifications: Notifications
  readonly clock: Clock
  readonly log: Logger
  readonly config: { readonly file: { readonly sessions: Pick<Config["file"]["sessions"], "idleTimeout_s"> } }
  /** `<pod>-<random>`: names the holder of leases; different for every process that ever ran. */
  readonly replica: string
  readonly random?: () => number
  /** An agent that answers nothing for this long while its pod runs is given a new pod. Default one minute. */
  readonly wedged_ms?: number
  /** The same for one that answers and cannot be followed. Default two minutes. */
  readonly unfollowed_ms?: number
  /** How often the objects of a running session are made again in case one was deleted. Default ten minutes. */
  readonly repair_ms?: number
  /** A driver whose step takes longer is given up, and its session goes to another one. Default 45 seconds. */
  readonly step_ms?: number
  /** Told how long each start took, from the wish to the agent being in step. */
  readonly started?: (took_ms: number) => void
}

/** Drives sessions. Any number of replicas run one each; together they drive every session exactly once. */
export interface Engine {
  start(): void
  /** Lets go of every session and hands its lease to the other replicas. */
  stop(): Promise<void>
  /** Something about this session changed: drive it now, if nobody else does. Returns at once. */
  wake(sessionId: string): void
  /** `driven`: sessions that this replica drives. */
  stats(): { driven: number }
}

/** Not started yet: `start()` begins to claim sessions. */
export function createEngine(parts: EngineParts): Engine {
  return new LeasedEngine(parts)
}

class LeasedEngine implements Engine {
  readonly #parts: EngineParts
  readonly #drivers = new Map<string, SessionDriver>()
  readonly #stop = new AbortController()
  readonly #loops: Promise<void>[] = []
  readonly #subscriptions: (() => void)[] = []
  /** Drivers that still run, with what follows their end; those that were given up are not waited for. */
  readonly #ending = new Map<SessionDriver, Promise<void>>()
  readonly #named = new Set<string>()
  /** How many drivers in a row were given up, by session. */
  readonly #givenUp = new Map<string, number>()
  #claiming: Promise<void> = Promise.resolve()
  #prunedAt: number

  constructor(parts: EngineParts) {
    this.#parts = parts
    this.#prunedAt = parts.clock.now()
  }

  start(): void {
    const { notifications, workloads } = this.#parts
    const hint = (sessionId: string | null) => {
      if (sessionId === null) for (const driver of this.#drivers.values()) driver.wake()
      else this.#drivers.get(sessionId)?.wake()
    }
    this.#subscriptions.push(
      notifications.subscribe("berth_sessions", (sessionId) =>
        sessionId === null ? hint(null) : this.wake(sessionId),
      ),
      workloads.onChange(hint),
    )
    const leftovers = this.#guarded("leftovers", () => endLeftovers(this.#parts.database, this.#parts.replica))
    this.#loop(TIMES.renew_ms, () => this.#renew())
    this.#loop(TIMES.claim_ms, () => leftovers.then(() => this.#claim()))
    this.#loop(TIMES.sweep_ms, () => this.#sweep())
  }

  wake(sessionId: string): void {
    const driver = this.#drivers.get(sessionId)
    if (driver !== undefined) return driver.wake()
    if (this.#stop.signal.aborted) return
    // Names that come in while a claim is under way share the next one.
    const first = this.#named.size === 0
    this.#named.add(sessionId)
    if (!first) return
    this.#claiming = this.#claiming.then(async () => {
      const ids = [...this.#named]
      this.#named.clear()
      await this.#guarded("claim", () => this.#take((database, holder) => claimNamedLeases(database, holder, ids)))
    })
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error("stopped"))
    for (const unsubscribe of this.#subscriptions.splice(0)) unsubscribe()
    // First: their leases are not renewed any more, and the other replicas wait for them.
    for (const driver of this.#drivers.values()) driver.stop()
    const late = this.#parts.clock.sleep(TIMES.stop_ms)
    await Promise.race([Promise.all([...this.#ending.values(), this.#claiming, ...this.#loops]), late])
    // What was claimed meanwhile ends at once; what hangs is left behind, and only its lease is given back.
    await Promise.race([Promise.all(this.#ending.values()), late])
    await Promise.all([...this.#ending.keys()].map(({ lease }) => this.#release(lease)))
  }

  stats(): { driven: number } {
    return { driven: this.#drivers.size }
  }

  #loop(interval_ms: number, work: () => Promise<void>): void {
    const { clock, random } = this.#parts
    const run = async () => {
      while (!this.#stop.signal.aborted) {
        await this.#guarded("loop", work)
        await clock.sleep(interval_ms * (0.9 + (random ?? Math.random)() / 5), this.#stop.signal).catch(() => undefined)
      }
    }
    this.#loops.push(run())
  }

  async #guarded(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      this.#parts.log.warn({ err: error, what }, "the session engine could not do its round")
    }
  }

  async #claim(): Promise<void> {
    await this.#take((database, holder) => claimLeases(database, holder, COUNTS.claim))
  }

  async #take(claim: (database: Database, holder: string) => Promise<Lease[]>): Promise<void> {
    const { clock, database, replica } = this.#parts
    const claimedAt = clock.now()
    for (const lease of await claim(database, replica)) this.#drive(lease, claimedAt)
  }

  #drive(lease: Lease, claimedAt: number): void {
    const { config, started, ...rest } = this.#parts
    // A lease of ours that ran out before it could be renewed: its driver ends by itself and must not be confused.
    this.#drivers.get(lease.sessionId)?.stop()
    const idleTimeout_ms = config.file.sessions.idleTimeout_s * 1000
    const neighbours = (sessionId: string) => this.#neighbours(sessionId)
    const limits = {
      wedged_ms: rest.wedged_ms ?? TIMES.wedged_ms,
      unfollowed_ms: rest.unfollowed_ms ?? TIMES.unfollowed_ms,
      repair_ms: rest.repair_ms ?? TIMES.settled_repair_ms,
    }
    const own = { ...limits, idleTimeout_ms, neighbours, started: started ?? (() => undefined) }
    const driver = new SessionDriver({ ...rest, ...own }, lease, claimedAt)
    this.#drivers.set(lease.sessionId, driver)
    // Claimed while the engine stops.
    if (this.#stop.signal.aborted) driver.stop()
    const ended = driver.done.then(async (giveBack) => {
      this.#forget(driver)
      if (giveBack) await this.#release(lease)
      this.#ending.delete(driver)
    })
    this.#ending.set(driver, ended)
  }

  #forget(driver: SessionDriver): void {
    const { sessionId } = driver.lease
    if (this.#drivers.get(sessionId) !== driver) return
    this.#drivers.delete(sessionId)
    this.#givenUp.delete(sessionId)
  }

  async #release(lease: Lease): Promise<void> {
    const { aborted: stopping } = this.#stop.signal
    await this.#guarded("release", () => releaseLease(this.#parts.database, lease, stopping))
    // A wish that came while the lease was still held.
    this.wake(lease.sessionId)
  }

  #neighbours(sessionId: string): Reach[] {
    const others = [...this.#drivers.values()].filter(({ lease }) => lease.sessionId !== sessionId)
    return others.map(({ reach }) => reach).filter((reach) => reach !== null)
  }

  async #renew(): Promise<void> {
    const { clock, database } = this.#parts
    const sentAt = clock.now()
    for (const driver of this.#drivers.values()) if (this.#hangs(driver, sentAt)) this.#giveUp(driver)
    const drivers = [...this.#drivers.values()]
    const leases = drivers.map((driver) => driver.lease)
    const ours = await renewLeases(database, leases, TIMES.renew_answer_ms)
    for (const driver of drivers) {
      if (ours.has(driver.lease.sessionId)) driver.renewed(sentAt)
      else this.#lost(driver)
    }
  }

  #hangs(driver: SessionDriver, now: number): boolean {
    const doublings = Math.min(this.#givenUp.get(driver.lease.sessionId) ?? 0, COUNTS.step_doublings_max)
    return driver.step_ms(now) > (this.#parts.step_ms ?? TIMES.step_ms) * 2 ** doublings
  }

  /** Whatever it waits for may never come. Its session goes on without it: the next epoch keeps it from writing. */
  #giveUp(driver: SessionDriver): void {
    const { lease } = driver
    this.#parts.log.error({ session: lease.sessionId }, "a step hangs; the session gets another driver")
    const times = this.#givenUp.get(lease.sessionId) ?? 0
    this.#lost(driver)
    this.#ending.delete(driver)
    this.#givenUp.set(lease.sessionId, times + 1)
    void this.#release(lease)
  }

  /** Another one has the lease, or will: it is not renewed again, and wake-ups are not for this driver. */
  #lost(driver: SessionDriver): void {
    driver.stop()
    this.#forget(driver)
  }

  async #sweep(): Promise<void> {
    const { workloads, database, transcripts, clock } = this.#parts
    // One that fails, for a missing permission say, does not keep the others from being done.
    await this.#guarded("orphans", async () => void (await workloads.sweepOrphans()))
    if (this.#stop.signal.aborted) return
    await this.#guarded("drift", async () => void (await flagDrift(database, workloads.runningSessions())))
    if (this.#stop.signal.aborted || clock.now() - this.#prunedAt < TIMES.prune_ms) return
    this.#prunedAt = clock.now()
    await this.#guarded("prune", async () => void (await transcripts.prune(TIMES.event_age_ms)))
  }
}
