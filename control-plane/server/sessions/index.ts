export type { Principal } from "../identity/types.ts"
export { createEngine, type Engine } from "./engine/engine.ts"
export { createSessions } from "./service/service.ts"
export type { Sessions, SessionView } from "./service-types.ts"
