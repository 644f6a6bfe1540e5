import { collectDefaultMetrics, Registry } from "prom-client"

/** Where every part registers what it counts. Labels hold route templates, kinds and outcomes: never a user, a session or a path. */
export type Metrics = Registry

/** A registry of its own (no process-wide one), with the runtime's figures: memory, event loop, garbage collection. */
export function createMetrics(options: { runtimeFigures?: boolean } = {}): Metrics {
  const registry = new Registry()
  if (options.runtimeFigures !== false) collectDefaultMetrics({ register: registry })
  return registry
}
