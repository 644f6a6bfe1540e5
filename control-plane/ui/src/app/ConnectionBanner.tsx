import type { Link } from "../api/event-stream.ts"
import { Button } from "../design/Button.tsx"
import { useLasting } from "../design/hooks.ts"

/** Shorter breaks heal without anybody noticing. */
const QUIET_MS = 1_500

/** Says that what is shown may be old, and that it is being mended. */
export function ConnectionBanner({ link, onRetry }: { link: Link; onRetry: () => void }) {
  const lost = useLasting(link.state === "lost", QUIET_MS)
  if (!lost) return null
  return (
    <div className="banner" role="status">
      <span className="spinner" aria-hidden="true" />
      <span>Connection lost. Trying again; nothing you typed is lost.</span>
      <Button onClick={onRetry}>Now</Button>
    </div>
  )
}
