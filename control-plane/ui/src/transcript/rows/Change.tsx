import { useMemo } from "react"
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

function DiffLines({ lines }: { lines: readonly Line[] }) {
  return (
    <figure className="tool-block diff" aria-label="Change">
      <pre tabIndex={0}>
        {lines.map((line, index) => (
          <span key={index} className="diff-line" data-kind={line.kind}>
            <span aria-hidden="true">{line.kind === "added" ? "+" : line.kind === "removed" ? "−" : " "}</span>
            {line.kind !== "same" && <span className="hidden-text">{line.kind}: </span>}
            {line.text}
            {"\n"}
          </span>
        ))}
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
