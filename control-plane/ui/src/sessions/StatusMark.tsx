import type { SessionView } from "../api/types.ts"
import { Icon } from "../design/Icon.tsx"
import { lookOf } from "./status.ts"
import "./status.css"

interface StatusMarkProps {
  readonly session: Pick<SessionView, "status" | "activity">
  /** Only the dot; the words are for assistive technology. */
  readonly dot?: boolean
}

/** Status and activity of a session, in colour and in words. */
export function StatusMark({ session, dot = false }: StatusMarkProps) {
  const { label, tone, moving } = lookOf(session)
  return (
    <span
      className="status"
      data-tone={tone}
      {...(moving ? { "data-moving": "" } : {})}
      title={dot ? label : undefined}
    >
      <span className="status-dot" aria-hidden="true" />
      <span className={dot ? "hidden-text" : undefined}>{label}</span>
    </span>
  )
}

/** Lock or globe, with its word for assistive technology. */
export function VisibilityMark({ session }: { session: Pick<SessionView, "visibility"> }) {
  const isPublic = session.visibility === "public"
  return (
    <span className="visibility-mark" title={isPublic ? "Public: everyone signed in can watch" : "Private"}>
      <Icon name={isPublic ? "globe" : "lock"} size={14} />
      <span className="hidden-text">{isPublic ? "Public" : "Private"}</span>
    </span>
  )
}
