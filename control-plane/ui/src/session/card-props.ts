import type { AgentRequest } from "../api/types.ts"

/** What every card of something that the agent waits for is given. */
export interface CardProps {
  /** Which of several it is: `1 of 3`; empty for the only one. */
  readonly place: string
  readonly request: AgentRequest
  readonly busy: boolean
  readonly error: string | null
}
