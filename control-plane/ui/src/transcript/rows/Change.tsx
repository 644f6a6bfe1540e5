import { useMemo, useState } from "react"
import { Button } from "../../design/Button.tsx"
import { diffLines } from "../diff.ts"

/** A text before and after, line by line. */
export function Change({ before, after }: { before: string; after: string }) {
  const lines = useMemo(() => diffLines(before, after), [before, after])
  return <DiffLines lines={lines} />
}

/** A unified diff, as a program printed it. */
export function UnifiedDiff({ diff }: { diff: string }) {
  const lines = useMemo(() => diff.split("\n").map(kindOf), [diff])
  return <DiffLines lines={lines} />
}

type Line = ReturnType<typeof diffLines>[number]

/** More lines than this make a page stutter; the rest is shown on demand. */
const SHOWN_LINES_MAX = 500

function DiffLines({ lines }: { lines: readonly Line[] }) {
  const [all, setAll] = useState(false)
  const shown = all ? lines : lines.slice(0, SHOWN_LINES_MAX)
  return (
    <figure className="tool-block diff" aria-label="Change">
      <pre tabIndex={0}>
        {shown.map((line, index) => (
          <span key={index} className="diff-line" data-kind={line.kind}>
            <span aria-hidden="true">{line.kind === "added" ? "+" : line.kind === "removed" ? "−" : " "}</span>
            {line.kind !== "same" && <span className="hidden-text">{line.kind}: </span>}
            {line.text}
            {"\n"}
          </span>
        ))}
        {shown.length < lines.length && (
          <Button className="button tool-rest" onClick={() => setAll(true)}>
            Show all {lines.length.toLocaleString("en")} lines
          </Button>
        )}
      </pre>
    </figure>
  )
}

function kindOf(text: string): Line {
  if (/^(\+\+\+|---|@@|diff |index )/.test(text)) return { kind: "same", text }
  if (text.startsWith("+")) return { kind: "added", text: text.slice(1) }
  if (text.startsWith("-")) return { kind: "removed", text: text.slice(1) }
  return { kind: "same", text: text.replace(/^ /, "") }
}
