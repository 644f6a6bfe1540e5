import type { ReactNode } from "react"
import { Icon } from "../../design/Icon.tsx"
import { fullTime } from "../../format/time.ts"

/** What the agent removed from its own conversation, or took back to try again: folded, and still there to read. */
export function Removed({ at, children }: { at: number; children: ReactNode }) {
  return (
    <details className="row-files" {...(at === 0 ? {} : { title: fullTime(at) })}>
      <summary>
        <Icon name="cross" size={15} /> Removed by the agent
      </summary>
      {children}
    </details>
  )
}
