import { useId, useState } from "react"
import type { PermissionReply } from "../api/types.ts"
import { Button } from "../design/Button.tsx"
import { Icon } from "../design/Icon.tsx"
import { UnifiedDiff } from "../transcript/rows/Change.tsx"
import type { CardProps } from "./card-props.ts"

const ASKS: Readonly<Record<string, string>> = {
  bash: "run a command",
  edit: "change a file",
  read: "read a file",
  webfetch: "open a page",
  external_directory: "work outside of the repository",
  doom_loop: "go on although it repeats itself",
}

interface PermissionCardProps extends CardProps {
  readonly onAnswer: (reply: PermissionReply) => void
}

/** May the agent do this? Once, always, or no, with words that it goes on from. */
export function PermissionCard({ request, place, busy, error, onAnswer }: PermissionCardProps) {
  const [rejecting, setRejecting] = useState(false)
  const [words, setWords] = useState("")
  const id = useId()
  const { permission = "", command, diff, patterns = [], always = [] } = request.body
  const reject = () => onAnswer({ reply: "reject", ...(words.trim() === "" ? {} : { message: words.trim() }) })
  return (
    <section className="request-card" aria-labelledby={id}>
      <h2 id={id}>
        <Icon name="lock" /> The agent wants to {ASKS[permission] ?? `use “${permission}”`}
        {place !== "" && <span className="muted numbers">{place}</span>}
      </h2>
      {command !== undefined && (
        <pre className="request-what" tabIndex={0}>
          {command}
        </pre>
      )}
      {diff !== undefined && <UnifiedDiff diff={diff} />}
      {command === undefined && patterns.length > 0 && (
        <pre className="request-what" tabIndex={0}>
          {patterns.join("\n")}
        </pre>
      )}
      <p className="muted">A question for your convenience, not a security boundary.</p>
      {error !== null && (
        <p className="field-error" role="alert">
          {error}
        </p>
      )}
      {rejecting ? (
        <form
          className="request-reject"
          onSubmit={(event) => {
            event.preventDefault()
            reject()
          }}
        >
          <input
            className="input"
            aria-label="What to do instead"
            placeholder="What to do instead (optional)"
            maxLength={10_000}
            autoFocus
            value={words}
            onChange={(event) => setWords(event.target.value)}
            onKeyDown={(event) => event.key === "Escape" && setRejecting(false)}
          />
          <Button onClick={() => setRejecting(false)}>Back</Button>
          <Button type="submit" kind="danger" busy={busy}>
            Reject
          </Button>
        </form>
      ) : (
        <div className="request-actions">
          <Button kind="primary" busy={busy} onClick={() => onAnswer({ reply: "once" })}>
            Allow once
          </Button>
          {always.length > 0 && (
            <Button disabled={busy} onClick={() => onAnswer({ reply: "always" })}>
              Always allow <code className="request-always">{always.join(", ")}</code>
            </Button>
          )}
          <Button kind="quiet" disabled={busy} onClick={() => setRejecting(true)}>
            Reject…
          </Button>
        </div>
      )}
    </section>
  )
}
