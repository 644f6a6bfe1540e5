import { Link } from "../../app/router.tsx"
import { Icon } from "../../design/Icon.tsx"
import { ago, fullTime } from "../../format/time.ts"
import { type AuditEvent, type AuditFilters, factsOf } from "./audit.ts"

interface AuditRowProps {
  readonly event: AuditEvent
  readonly now: number
  readonly onNarrow: (change: Partial<AuditFilters>) => void
}

/** One event on one line; opened, everything that is known about it. */
export function AuditRow({ event, now, onNarrow }: AuditRowProps) {
  const facts = factsOf(event)
  const { actorId, sessionId } = event
  return (
    <li className="audit-event">
      <details>
        <summary className="audit-line">
          <Icon name="chevron" size={12} />
          <span className="muted numbers" title={fullTime(event.at)}>
            {ago(event.at, now)}
          </span>
          <span className="mono">{event.action}</span>
          <span className="truncate">{event.actor}</span>
          <span className="muted truncate audit-facts">
            {facts.map(([name, text]) => `${name} ${text}`).join(" · ")}
          </span>
          {event.outcome !== "ok" && (
            <span className="badge" data-tone={event.outcome === "refused" ? "wait" : "bad"}>
              {event.outcome === "refused" ? "Refused" : "Failed"}
            </span>
          )}
        </summary>
        <dl className="audit-all">
          <Fact name="When" text={fullTime(event.at)} />
          <Fact name="Who" text={event.actor} />
          {event.address !== null && <Fact name="From" text={event.address} />}
          {facts.map(([name, text]) => (
            <Fact key={name} name={name} text={text} />
          ))}
          {event.requestId !== null && <Fact name="Request" text={event.requestId} />}
          <Fact name="Event" text={String(event.id)} />
        </dl>
        <div className="audit-more">
          {actorId !== null && (
            <button type="button" className="link" onClick={() => onNarrow({ actorId })}>
              All by {event.actor}
            </button>
          )}
          {sessionId !== null && (
            <>
              <button type="button" className="link" onClick={() => onNarrow({ sessionId })}>
                All about this session
              </button>
              <Link to={{ name: "session", id: sessionId }}>Open the session</Link>
            </>
          )}
        </div>
      </details>
    </li>
  )
}

function Fact({ name, text }: { name: string; text: string }) {
  return (
    <div className="audit-fact">
      <dt>{name}</dt>
      <dd>{text}</dd>
    </div>
  )
}
