import { Mark } from "../app/Mark.tsx"
import { Link } from "../app/router.tsx"
import { Button } from "../design/Button.tsx"

/** Before the first session: what one is, and how to get one. */
export function FirstStep() {
  return (
    <div className="empty">
      <div className="empty-art">
        <Mark size={56} />
      </div>
      <h2>Start your first session</h2>
      <p className="muted">
        A session is an agent in a pod of its own, with a clone of your repository. Say what you want done; it works,
        and asks when it needs you.
      </p>
      <Link to={{ name: "new" }} className="button" data-kind="primary">
        New session
      </Link>
      <p className="muted">
        or press <kbd className="kbd">n</kbd>
      </p>
    </div>
  )
}

/** Filters leave nothing. */
export function NothingMatches({ onClear }: { onClear: () => void }) {
  return (
    <div className="empty">
      <h2>No session matches</h2>
      <p className="muted">Words are looked for in titles and repositories.</p>
      <Button onClick={onClear}>Clear the filters</Button>
    </div>
  )
}
