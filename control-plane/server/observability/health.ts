/** What a load balancer may know of this replica. */
export interface Health {
  /** Never rejects; a check that does not answer within the limit counts as failed. */
  ready(): Promise<Readiness>
  /** From now on not ready, for good: the process is going away. */
  drain(): void
}

export interface Readiness {
  readonly ready: boolean
  /** By check: `ok`, or what is wrong in a few words that reveal nothing. */
  readonly checks: Readonly<Record<string, string>>
}

/** A check resolves when its part can serve, and rejects with words for people when it cannot. */
export type HealthCheck = () => Promise<void>

const CHECK_MS = 2_000

/** Runs all checks at the same time, each for `timeout_ms` at most. */
export function createHealth(
  checks: Readonly<Record<string, HealthCheck>>,
  options: { timeout_ms?: number } = {},
): Health {
  const timeout_ms = options.timeout_ms ?? CHECK_MS
  let draining = false
  let running: Promise<Readiness> | null = null

  async function look(): Promise<Readiness> {
    const results = await Promise.all(
      Object.entries(checks).map(async ([name, check]) => [name, await outcome(check, timeout_ms)] as const),
    )
    return { ready: results.every(([, result]) => result === "ok"), checks: Object.fromEntries(results) }
  }

  return {
    async ready() {
      if (draining) return { ready: false, checks: { process: "shutting down" } }
      // Probes of several callers share one look, so that they cannot pile up on a slow database.
      running ??= look().finally(() => {
        running = null
      })
      const seen = await running
      return draining ? { ready: false, checks: { process: "shutting down" } } : seen
    },
    drain() {
      draining = true
    },
  }
}

async function outcome(check: HealthCheck, timeout_ms: number): Promise<string> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`no answer within ${timeout_ms} ms`), timeout_ms)
  })
  try {
    return await Promise.race([
      check().then(
        () => "ok",
        () => "failed",
      ),
      late,
    ])
  } finally {
    clearTimeout(timer)
  }
}
