import type { ReactNode } from "react"
import { Icon } from "./Icon.tsx"

interface CalloutProps {
  readonly kind: "bad" | "wait" | "plain"
  readonly title: ReactNode
  readonly children?: ReactNode
  readonly action?: ReactNode
}

/** Something that the reader should know, with what to do about it. */
export function Callout({ kind, title, children, action }: CalloutProps) {
  return (
    <div className="callout" data-kind={kind} role={kind === "bad" ? "alert" : undefined}>
      <Icon name={kind === "plain" ? "help" : "alert"} />
      <div className="callout-text">
        <strong>{title}</strong>
        {children}
      </div>
      {action}
    </div>
  )
}
