export { createBroker } from "./broker.ts"
export { createProbe } from "./upstream/probe.ts"
