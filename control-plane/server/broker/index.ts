export { createBroker } from "./broker.ts"
