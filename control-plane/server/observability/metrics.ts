import { collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client"

/** Where every part registers what it counts. Labels hold route templates, kinds and outcomes: never a user, a session or a path. */
export type Metrics = Registry

/** A registry of its own (no process-wide one), with the runtime's figures: memory, event loop, garbage collection. */
export function createMetrics(options: { runtimeFigures?: boolean } = {}): Metrics {
  const registry = new Registry()
  if (options.runtimeFigures !== false) collectDefaultMetrics({ register: registry })
  return registry
}

/** What operators watch of the engine: how many sessions this replica drives, and how long starts take. */
export function createEngineFigures(metrics: Metrics, driven: () => number): { started(took_ms: number): void } {
  new Gauge({
    name: "berth_engine_sessions_driven",
    help: "Sessions that this replica drives.",
    registers: [metrics],
    collect() {
      this.set(driven())
    },
  })
  const starts = new Histogram({
    name: "berth_session_start_seconds",
    help: "Time from a start request until the agent is ready.",
    buckets: [0.5, 1, 2, 4, 8, 15, 30, 60, 120, 300],
    registers: [metrics],
  })
  return { started: (took_ms) => starts.observe(took_ms / 1_000) }
}
