export { createHealth, type Health } from "./health.ts"
export { createMetricsListener } from "./listener.ts"
export { createLogger, type Logger } from "./logger.ts"
export { createMetrics, type Metrics } from "./metrics.ts"
