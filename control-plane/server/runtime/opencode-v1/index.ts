import type { Logger } from "pino"
import type { Clock } from "../../time/index.ts"
import type { AgentTarget, Runtime } from "../types.ts"
import { abort, answerPermission, answerQuestion, explain, probe } from "./calls.ts"
import { Connection } from "./connection.ts"
import { AgentHttp } from "./http.ts"
import { createMessageIds } from "./ids.ts"
import { patch } from "./patch.ts"

/** The runtime for OpenCode 1.x (checked with 1.18.33), over its unprefixed HTTP API and `GET /event`. */
export function createOpenCodeV1(options: { clock: Clock; log: Logger; random: () => number }): Runtime {
  const newMessageId = createMessageIds(() => options.clock.now())
  const open = (target: AgentTarget) => new AgentHttp(target)
  return {
    probe,
    explain,
    abort,
    answerPermission,
    answerQuestion,
    patch,
    connect: (connectOptions) => new Connection(connectOptions, { ...options, open }),
    newMessageId,
  }
}
