import { memo, useMemo, useState } from "react"
import type { Part } from "../../api/types.ts"
import { Icon } from "../../design/Icon.tsx"
import { plural } from "../../format/numbers.ts"
import { duration } from "../../format/time.ts"
import { Markdown } from "../../markdown/Markdown.tsx"
import { usePageLive } from "../../session/live-context.ts"
import { Removed } from "./Removed.tsx"
import { ToolRow } from "./ToolRow.tsx"

/** A piece of what the agent wrote or did. `live`: it is being written. */
export const PartRow = memo(function PartRow({ part, live }: { part: Part; live: boolean }) {
  if (part.removedAt === undefined) return <Kept part={part} live={live} />
  return (
    <Removed at={part.removedAt}>
      <Kept part={part} live={false} />
    </Removed>
  )
})

function Kept({ part, live }: { part: Part; live: boolean }) {
  switch (part.type) {
    case "text":
      return <Markdown text={part.body.text ?? ""} />
    case "reasoning":
      return <Reasoning part={part} live={live} />
    case "tool":
      return <ToolRow part={part} subAgent={subAgent} />
    case "file":
      return (
        <p className="row-note">
          <Icon name="file" size={15} /> {part.body.file?.name ?? "File"}
        </p>
      )
    case "patch":
      return <Files files={part.body.files ?? []} />
    case "compaction":
      return <p className="row-divider">The conversation so far was summarised to make room</p>
    default:
      return null
  }
}

function Reasoning({ part, live }: { part: Part; live: boolean }) {
  const [open, setOpen] = useState(false)
  const { text = "", startedAt, endedAt } = part.body
  const took = startedAt !== undefined && endedAt !== undefined ? duration(endedAt - startedAt) : null
  return (
    <div className="tool" {...(open ? { "data-open": "" } : {})}>
      <button type="button" className="tool-line" aria-expanded={open} onClick={() => setOpen(!open)}>
        {live ? <span className="spinner" aria-hidden="true" /> : <Icon name="think" size={15} />}
        <span className="tool-verb">{live ? "Thinking" : "Thought"}</span>
        <span className="tool-object truncate">{open ? "" : glance(text, live)}</span>
        <span className="tool-facts numbers">{took}</span>
        <Icon name="chevron" size={12} />
      </button>
      {open && (
        <div className="tool-body reasoning">
          <Markdown text={text} />
        </div>
      )}
    </div>
  )
}

/** The first line, or the last one while it is written. */
function glance(text: string, live: boolean): string {
  const lines = text.trim().split("\n")
  return ((live ? lines.at(-1) : lines[0]) ?? "").replace(/[*_`#]/g, "").slice(0, 200)
}

function Files({ files }: { files: readonly string[] }) {
  return (
    <details className="row-files">
      <summary>
        <Icon name="file" size={15} /> {plural(files.length, "file")} changed
      </summary>
      <ul className="mono">
        {files.map((file) => (
          <li key={file}>{file.replace(/^\/workspace\/repo\//, "")}</li>
        ))}
      </ul>
    </details>
  )
}

const subAgent = (agentSessionId: string) => <SubAgent agentSessionId={agentSessionId} />

/** What a sub-agent did, inside the call that started it. */
function SubAgent({ agentSessionId }: { agentSessionId: string }) {
  const { messages } = usePageLive().state
  const parts = useMemo(
    () =>
      messages
        .filter((message) => message.agentSessionId === agentSessionId && message.role === "assistant")
        .flatMap((message) => message.parts)
        .filter((part) => part.type === "tool" || (part.type === "text" && (part.body.text ?? "") !== "")),
    [messages, agentSessionId],
  )
  if (parts.length === 0) return null
  return (
    <section className="sub-agent" aria-label="What the sub-agent did">
      {parts.map((part) => (
        <PartRow key={part.id} part={part} live={false} />
      ))}
    </section>
  )
}
