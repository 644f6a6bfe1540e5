export { createWorkloads, type Workloads } from "./create.ts"
export type { Diagnosis } from "./diagnosis/diagnose.ts"
export { hintFor } from "./diagnosis/hints.ts"
export type { PodObservation, WorkloadObservation, WorkloadRecord } from "./types.ts"
