/** Undoes what was done, the latest first. A step that fails does not keep the others from being done. */
export interface Cleanup {
  /** Adds a step, to be called right before or after what it undoes. */
  add(step: () => Promise<unknown> | unknown): void
  /** @throws AggregateError with what failed, after all steps were tried */
  run(): Promise<void>
}

/** Nothing to undo yet. */
export function createCleanup(): Cleanup {
  const steps: (() => Promise<unknown> | unknown)[] = []
  return {
    add: (step) => void steps.push(step),
    run: async () => {
      const faults: unknown[] = []
      for (const step of steps.splice(0).reverse()) {
        try {
          await step()
        } catch (error) {
          faults.push(error)
        }
      }
      if (faults.length > 0) throw new AggregateError(faults, `cleaning up: ${faults.map(String).join("; ")}`)
    },
  }
}
