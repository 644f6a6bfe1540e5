/** Paths that the kubelet and load balancers ask, by the pod's address. They get an answer, whatever the load is. */
export const PROBES: readonly string[] = ["/api/health", "/api/ready"]
