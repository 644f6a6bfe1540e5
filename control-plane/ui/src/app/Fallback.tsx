import { Component, type ReactNode } from "react"
import { Button } from "../design/Button.tsx"
import { Link } from "./router.tsx"

interface FallbackProps {
  readonly children: ReactNode
}

/**
 * Instead of a blank page: what to do when a page cannot be drawn. Most often its program is gone from the server, which
 * has been upgraded since the tab was opened. With another `key` it tries again.
 */
export class Fallback extends Component<FallbackProps, { failed: boolean }> {
  override state = { failed: false }

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true }
  }

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children
    return (
      <div className="page">
        <div className="empty" role="alert">
          <h1>This page could not be shown</h1>
          <p className="muted">
            Berth may have been upgraded since you opened it, or the connection broke. Reload the page; prompts that you
            have typed are kept.
          </p>
          <Button kind="primary" icon="retry" onClick={() => window.location.reload()}>
            Reload
          </Button>
          <Link to={{ name: "list" }} className="button">
            To the sessions
          </Link>
        </div>
      </div>
    )
  }
}
