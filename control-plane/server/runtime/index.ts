import type { Logger } from "pino"
import type { Clock } from "../time/index.ts"
import { createOpenCodeV1 } from "./opencode-v1/index.ts"
import type { Runtime } from "./types.ts"

export type { AgentConnection, AgentTarget, Runtime } from "./types.ts"

/** The adapter to the agents that run in the sessions' pods. One for the process; holds nothing until `connect`. */
export function createRuntime(options: { clock: Clock; log: Logger; random?: () => number }): Runtime {
  return createOpenCodeV1({ clock: options.clock, log: options.log, random: options.random ?? Math.random })
}
