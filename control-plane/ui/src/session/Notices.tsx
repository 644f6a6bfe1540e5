import { useState } from "react"
import { IconButton } from "../design/Button.tsx"
import { Callout } from "../design/Callout.tsx"
import { LinkedText } from "../design/LinkedText.tsx"
import type { Notice } from "../transcript/state.ts"

/** The last thing that was said about the session besides its messages since the page was opened, until it is dismissed. */
export function Notices({ notices }: { notices: readonly Notice[] }) {
  const [seen, setSeen] = useState(0)
  const last = notices.at(-1)
  if (!last || last.past || last.seq <= seen) return null
  return (
    <Callout
      kind={last.level === "error" ? "bad" : "plain"}
      title={<LinkedText text={last.message} />}
      action={<IconButton icon="cross" label="Dismiss" onClick={() => setSeen(last.seq)} />}
    />
  )
}
