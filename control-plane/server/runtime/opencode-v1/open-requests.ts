import type { AgentRequest } from "../../transcripts/types.ts"
import { type Fields, list } from "./clean.ts"
import { LIMITS } from "./limits.ts"
import type { Outbox } from "./outbox.ts"
import { type ReadRequest, readPermission, readQuestion } from "./requests.ts"

/** What the agent waits for, in this session's conversations. */
export class OpenRequests {
  readonly #outbox: Outbox
  readonly #now: () => number
  readonly #open = new Map<string, ReadRequest & { readonly chars: number }>()
  #chars = 0

  constructor(outbox: Outbox, now: () => number) {
    this.#outbox = outbox
    this.#now = now
  }

  get any(): boolean {
    return this.#open.size > 0
  }

  /**
   * The agent's whole list. Only those of conversations that work are real: OpenCode keeps the permission that an aborted
   * turn had asked for.
   */
  restore(permissions: unknown, questions: unknown, isBusy: (sessionId: string) => boolean): void {
    const now = this.#now()
    const listed = [
      ...list(permissions, LIMITS.list_items_max).flatMap((raw) => readPermission(raw, now) ?? []),
      ...list(questions, LIMITS.list_items_max).flatMap((raw) => readQuestion(raw, now) ?? []),
    ].filter(({ sessionId }) => isBusy(sessionId))
    const ids = new Set(listed.map(({ request }) => request.id))
    for (const [requestId, { request }] of [...this.#open])
      if (!ids.has(requestId)) this.#close(request, "withdrawn", null)
    for (const read of listed) this.#add(read)
    this.#outbox.push({ type: "requests.listed", openIds: [...this.#open.keys()] }, "requests.listed")
  }

  asked(kind: AgentRequest["kind"], properties: Fields): void {
    const read = kind === "permission" ? readPermission(properties, this.#now()) : readQuestion(properties, this.#now())
    if (read !== undefined) this.#add(read)
  }

  answered(requestId: unknown, answer: unknown): void {
    const read = typeof requestId === "string" ? this.#open.get(requestId) : undefined
    if (read !== undefined) this.#close(read.request, "answered", answer)
  }

  /** The turn is over: nobody waits for an answer any more. */
  withdraw(sessionId: string): void {
    for (const read of [...this.#open.values()]) {
      if (read.sessionId === sessionId) this.#close(read.request, "withdrawn", null)
    }
  }

  #add(read: ReadRequest): void {
    const chars = JSON.stringify(read.request).length
    const full = this.#open.size >= LIMITS.open_requests_max || this.#chars + chars > LIMITS.open_requests_chars_max
    if (full || this.#open.has(read.request.id)) return
    this.#open.set(read.request.id, { ...read, chars })
    this.#chars += chars
    this.#outbox.push({ type: "request.updated", request: read.request }, `request ${read.request.id}`)
  }

  #close(request: AgentRequest, state: "answered" | "withdrawn", answer: unknown): void {
    this.#chars -= this.#open.get(request.id)?.chars ?? 0
    this.#open.delete(request.id)
    this.#outbox.push({ type: "request.updated", request: { ...request, state, answer } }, `request ${request.id}`)
  }
}
