export { createEngine, type Engine } from "./engine/engine.ts"
export { createSessions } from "./service/service.ts"
export type { Sessions, SessionView } from "./service-types.ts"
export type { Principal } from "./types.ts"
