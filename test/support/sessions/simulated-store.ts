import { AppError } from "../../../control-plane/server/errors/index.ts"
import type { Lease } from "../../../control-plane/server/leases/types.ts"
import type { Change, QueuedPrompt, Transcripts } from "../../../control-plane/server/transcripts/types.ts"
import type { SimulatedTime } from "./simulated-time.ts"

/** `settled` is what became of it in the end. */
interface Row {
  readonly id: string
  readonly role: "user" | "assistant"
  delivery: QueuedPrompt["delivery"] | "failed"
  awaited: boolean
  attempts: number
  agentMessageId: string | null
}

/** The transcript of one session as far as prompts go, with writes that take their time and need the newest lease. */
export class SimulatedStore {
  rows: Row[] = []
  epoch = 0n
  /** Milliseconds at most of one write. */
  write_ms = 20
  /** Called as PostgreSQL's NOTIFY is: in the middle of a write, for whoever made it. */
  notify: () => void = () => undefined
  readonly #time: SimulatedTime
  readonly #random: () => number

  constructor(time: SimulatedTime, random: () => number) {
    this.#time = time
    this.#random = random
  }

  lease(): Lease {
    this.epoch += 1n
    return { sessionId: "ses_1", holder: `holder${this.epoch}`, epoch: this.epoch }
  }

  /** @throws AppError `stale_lease` */
  check({ epoch }: Lease): void {
    if (epoch !== this.epoch) throw new AppError("stale_lease", "This replica no longer drives the session.")
  }

  queue(id: string): void {
    this.rows.push({ id, role: "user", delivery: "queued", awaited: false, attempts: 0, agentMessageId: null })
    this.notify()
  }

  get prompts(): readonly Row[] {
    return this.rows.filter(({ role }) => role === "user")
  }

  /** Nothing waits. */
  get isSettled(): boolean {
    return this.prompts.every(({ awaited, delivery }) => !awaited && (delivery === "sent" || delivery === "failed"))
  }

  /** A write: half of its time before it is there, and half before whoever made it knows. */
  async write(lease: Lease, work: () => void): Promise<void> {
    await this.#time.sleep(this.#random() * this.write_ms)
    this.check(lease)
    work()
    this.notify()
    await this.#time.sleep(this.#random() * this.write_ms)
  }

  /** As `transcripts/prompts.ts` and `interrupt.ts` do it in SQL. */
  transcripts(): Transcripts {
    const set = (lease: Lease, id: string, change: Partial<Row>) =>
      this.write(lease, () => Object.assign(this.#row(id), change))
    const used: Partial<Transcripts> = {
      nextPrompt: async () => this.#next(),
      ownPrompts: async () => this.prompts.flatMap(({ agentMessageId }) => agentMessageId ?? []),
      texts: async () => new Map(),
      markSending: (lease, id, agentMessageId) => this.write(lease, () => this.#sending(id, agentMessageId)),
      markSent: (lease, id) => set(lease, id, { delivery: "sent" }),
      markAnswered: (lease, id) => set(lease, id, { delivery: "sent", awaited: false }),
      markFailed: (lease, id) => set(lease, id, { delivery: "failed", awaited: false }),
      append: (lease, changes) => this.write(lease, () => this.#append(changes)),
      markInterrupted: async (lease) => {
        await this.write(lease, () => this.#interrupt())
        return false
      },
    }
    return used as Transcripts
  }

  #row(id: string): Row {
    const row = this.rows.find((one) => one.id === id)
    if (row === undefined) throw new Error(`no message ${id}`)
    return row
  }

  #next(): QueuedPrompt | null {
    const waiting = (row: Row) => row.awaited || row.delivery === "queued" || row.delivery === "sending"
    const row = this.prompts.find(({ awaited }) => awaited) ?? this.prompts.find(waiting)
    if (row === undefined || row.delivery === "failed") return null
    const { id, agentMessageId, delivery, awaited, attempts } = row
    const parts = [{ id: `prt_${id}`, type: "text", text: id } as const]
    return { messageId: id, agentMessageId, delivery, awaited, attempts, parts }
  }

  #sending(id: string, agentMessageId: string): void {
    const row = this.#row(id)
    const later = this.rows.slice(this.rows.indexOf(row) + 1)
    if (row.delivery === "queued" && later.some(({ delivery }) => delivery !== "queued")) {
      this.rows = [...this.rows.filter((one) => one !== row), row]
    }
    row.agentMessageId ??= agentMessageId
    Object.assign(row, { delivery: "sending", awaited: true, attempts: row.attempts + 1 })
  }

  #append(changes: readonly Change[]): void {
    for (const change of changes) {
      if (change.type !== "message.updated" || change.message.role !== "assistant") continue
      const { id } = change.message
      const row = {
        id,
        role: "assistant",
        delivery: "sent",
        awaited: false,
        attempts: 0,
        agentMessageId: null,
      } as const
      if (!this.rows.some((one) => one.id === id)) this.rows.push({ ...row })
    }
  }

  #interrupt(): void {
    for (const [index, row] of this.rows.entries()) {
      if (!row.awaited) continue
      const begun = this.rows.slice(index).some(({ role }) => role === "assistant")
      Object.assign(row, begun ? { delivery: "sent", awaited: false } : { delivery: "queued" })
    }
  }
}
