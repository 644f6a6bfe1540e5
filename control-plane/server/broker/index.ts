export { type Broker, createBroker } from "./broker.ts"
