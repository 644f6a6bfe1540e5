import type { AgentTarget, Runtime } from "../../runtime/types.ts"
import type { Clock } from "../../time/index.ts"
import { COUNTS, TIMES } from "./limits.ts"

export interface ProberOptions {
  readonly runtime: Pick<Runtime, "probe">
  readonly clock: Clock
  readonly target: AgentTarget
  /** Given the milliseconds since the first question. */
  readonly interval: (elapsed_ms: number) => number
  /** Called with each answer. */
  readonly answered: () => void
}

/**
 * Asks an agent again and again whether it answers, until closed. Questions overlap: one that reaches the agent while it
 * boots is accepted and never answered.
 */
export class Prober {
  readonly #stop = new AbortController()

  constructor(options: ProberOptions) {
    void this.#run(options)
  }

  close(): void {
    this.#stop.abort(new Error("closed"))
  }

  async #run({ runtime, clock, target, interval, answered }: ProberOptions): Promise<void> {
    const { signal } = this.#stop
    const startedAt = clock.now()
    let inFlight = 0
    while (!signal.aborted) {
      if (inFlight < COUNTS.probes_in_flight) {
        inFlight += 1
        void runtime.probe(target, TIMES.probe_timeout_ms, signal).then((answers) => {
          inFlight -= 1
          if (answers && !signal.aborted) answered()
        })
      }
      await clock.sleep(interval(clock.now() - startedAt), signal).catch(() => undefined)
    }
  }
}
