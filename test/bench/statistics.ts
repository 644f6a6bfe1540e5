/** Samples in which the host took more than this share of the processors say nothing about us. */
const steal_share_max = 0.15

/** One measurement: milliseconds from its beginning to each of its named points. */
export interface Sample {
  readonly steal: number
  /** Whether a quiet second came before it. */
  readonly quiet: boolean
  readonly points_ms: Readonly<Record<string, number>>
}

/** What is said about one point over all samples. All in milliseconds. */
export interface Summary {
  readonly median_ms: number
  readonly min_ms: number
  readonly max_ms: number
  readonly samples: number
  readonly leftOut: number
}

/** The middle value; the mean of the two middle ones of an even number. NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

/** Sums up every point of these samples, without those that were disturbed too much. */
export function summarise(samples: readonly Sample[]): Record<string, Summary> {
  const kept = samples.filter(({ steal }) => steal <= steal_share_max)
  const names = [...new Set(samples.flatMap(({ points_ms }) => Object.keys(points_ms)))]
  return Object.fromEntries(
    names.map((name) => {
      const values = kept.flatMap(({ points_ms }) => points_ms[name] ?? [])
      const summary = {
        median_ms: Math.round(median(values)),
        min_ms: Math.round(Math.min(...values)),
        max_ms: Math.round(Math.max(...values)),
        samples: values.length,
        leftOut: samples.length - kept.length,
      }
      return [name, summary]
    }),
  )
}
