export { createEngine, type Engine } from "./engine/engine.ts"
export { accessTo } from "./permissions.ts"
export { createSessions } from "./service/service.ts"
export type { CreateSession, SessionQuery, Sessions, SessionView } from "./service-types.ts"
export type {
  Activity,
  Desired,
  Lease,
  Principal,
  Reason,
  SessionRecord,
  SessionStatus,
  StartStep,
  Visibility,
} from "./types.ts"
