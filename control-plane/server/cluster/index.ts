export { type ClusterOptions, createCluster } from "./create.ts"
export type { Cluster, View } from "./types.ts"
