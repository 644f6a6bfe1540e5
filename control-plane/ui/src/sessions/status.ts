import type { SessionStatus, SessionView } from "../api/types.ts"

/** How a session's state looks: which colour, and whether something moves. */
export interface StatusLook {
  readonly label: string
  readonly tone: "good" | "busy" | "wait" | "bad" | "idle"
  readonly moving: boolean
}

const LOOKS: Readonly<Record<SessionStatus, StatusLook>> = {
  creating: { label: "Creating", tone: "busy", moving: true },
  starting: { label: "Starting", tone: "busy", moving: true },
  running: { label: "Ready", tone: "good", moving: false },
  stopping: { label: "Stopping", tone: "idle", moving: true },
  stopped: { label: "Stopped", tone: "idle", moving: false },
  failed: { label: "Failed", tone: "bad", moving: false },
  deleting: { label: "Deleting", tone: "idle", moving: true },
}

/** Status and activity in one: what a running agent does is what people look for. */
export function lookOf({ status, activity }: Pick<SessionView, "status" | "activity">): StatusLook {
  if (status !== "running") return LOOKS[status]
  if (activity === "busy") return { label: "Working", tone: "busy", moving: true }
  if (activity === "waiting") return { label: "Needs you", tone: "wait", moving: false }
  return LOOKS.running
}

/** Names of the statuses, for filters. */
export function statusName(status: SessionStatus): string {
  return status === "running" ? "Running" : LOOKS[status].label
}

/** Whether it can be stopped or started: what the next press would do. */
export function powerOf(session: SessionView): "start" | "stop" | null {
  if (session.desired === "deleted" || session.status === "deleting") return null
  if (session.status === "stopped" || session.status === "failed") return "start"
  return session.desired === "stopped" ? "start" : "stop"
}
