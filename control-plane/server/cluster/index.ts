export { createCluster } from "./create.ts"
export type { Cluster } from "./types.ts"
