export { createHealth, type Health } from "./health.ts"
export { createMetricsListener } from "./listener.ts"
export { createLogger, type Logger } from "./logger.ts"
export { createEngineFigures, createMetrics, type Metrics } from "./metrics.ts"
