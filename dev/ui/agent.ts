import { setTimeout as delay } from "node:timers/promises"
import type { StartStep } from "../../control-plane/ui/src/api/types.ts"
import { SCRIPT } from "./script.ts"
import type { Store } from "./store.ts"
import { Turn } from "./turn.ts"

const STEPS = ["scheduled", "image", "workspace", "agent"] as const

/** Plays the agents of all sessions from a script. A repository with `missing` in its address cannot be cloned. */
export class ScriptedAgent {
  readonly #store: Store
  readonly #now: () => number
  readonly #speed: number
  readonly #running = new Map<string, AbortController>()

  /** `speed`: 1 is as a person would see it, 0 as fast as possible. */
  constructor(store: Store, now: () => number, speed: number) {
    this.#store = store
    this.#now = now
    this.#speed = speed
  }

  async start(id: string): Promise<void> {
    const pending = { state: "pending", startedAt: null, endedAt: null, detail: null } as const
    let steps: readonly StartStep[] = STEPS.map((name) => ({ name, ...pending }))
    this.#store.update(id, { desired: "running", status: "starting", reason: null, steps })
    const broken = this.#store.get(id)?.state.session?.repository?.url.includes("missing") === true
    for (const [index, name] of STEPS.entries()) {
      const begun = { name, startedAt: this.#now(), endedAt: null, detail: null }
      const set = (step: StartStep) => {
        steps = steps.with(index, step)
        this.#store.update(id, { steps })
      }
      set({ ...begun, state: "active", detail: name === "workspace" ? "Cloning into '/workspace/repo'..." : null })
      await delay(600 * this.#speed)
      if (broken && name === "workspace") {
        set({ ...begun, state: "failed", endedAt: this.#now(), detail: SCRIPT.cloneError })
        this.#store.update(id, { status: "failed", reason: SCRIPT.cloneReason })
        return
      }
      set({ ...begun, state: "done", endedAt: this.#now() })
    }
    const helpers = { settingsPresent: true, names: ["fetch-bedrock-token"] }
    this.#store.update(id, { status: "running", activity: "idle", helpers })
    await this.next(id)
  }

  /** Takes the next prompt that waits, when nothing runs. */
  async next(id: string): Promise<void> {
    const state = this.#store.get(id)?.state
    const prompt = state?.messages.find((message) => message.delivery === "queued")
    if (!prompt || state?.session?.status !== "running" || this.#running.has(id)) return
    const { parts, ...header } = prompt
    const mine = new AbortController()
    this.#running.set(id, mine)
    this.#store.change(id, { type: "message.updated", message: { ...header, delivery: "sent" } })
    this.#store.update(id, { activity: "busy" })
    const { signal } = mine
    const wait = (ms: number) => delay(ms * this.#speed, undefined, { signal })
    const turn = new Turn({ store: this.#store, id, now: this.#now, wait, signal })
    await turn.run(parts[0]?.body.text ?? "").catch(() => turn.finish({ error: SCRIPT.aborted }))
    this.#running.delete(id)
    this.#store.update(id, { activity: "idle" })
    await this.next(id)
  }

  abort(id: string): void {
    this.#running.get(id)?.abort()
  }

  stop(id: string): void {
    this.abort(id)
    this.#store.update(id, { desired: "stopped", status: "stopping" })
    setTimeout(() => this.#store.update(id, { status: "stopped", activity: "idle" }), 500 * this.#speed)
  }
}
