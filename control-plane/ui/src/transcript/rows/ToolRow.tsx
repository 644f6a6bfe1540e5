import { memo, type ReactNode, useMemo, useState } from "react"
import type { Part } from "../../api/types.ts"
import { Button, IconButton } from "../../design/Button.tsx"
import { copy } from "../../design/clipboard.ts"
import { useNow } from "../../design/hooks.ts"
import { Icon } from "../../design/Icon.tsx"
import { compact } from "../../format/numbers.ts"
import { duration } from "../../format/time.ts"
import { excerptOf } from "../excerpt.ts"
import { plainOutput, type Tool, toolInput, toolLine } from "../tools.ts"
import { Change } from "./Change.tsx"

const STATES: Readonly<Record<Tool["status"], string>> = {
  pending: "waiting",
  running: "running",
  completed: "done",
  error: "failed",
  interrupted: "interrupted",
}

interface ToolRowProps {
  readonly part: Part
  /** Shows what the sub-agent did that the call started. */
  readonly subAgent: (agentSessionId: string) => ReactNode
}

/** A call of a tool: one line, and on demand what went in and what came out. */
export const ToolRow = memo(function ToolRow({ part, subAgent }: ToolRowProps) {
  const [open, setOpen] = useState(false)
  const tool = part.body.tool
  if (!tool) return null
  const line = toolLine(tool)
  const active = tool.status === "running" || tool.status === "pending"
  return (
    <div className="tool" data-status={tool.status} {...(open ? { "data-open": "" } : {})}>
      <button type="button" className="tool-line" aria-expanded={open} onClick={() => setOpen(!open)}>
        {active ? <span className="spinner" aria-hidden="true" /> : <Icon name={line.icon} size={15} />}
        <span className="tool-verb">{line.verb}</span>
        <span className={line.code ? "tool-object mono truncate" : "tool-object truncate"}>{line.object}</span>
        <span className="hidden-text">{STATES[tool.status]}</span>
        <ToolFacts part={part} tool={tool} active={active} />
        <Icon name="chevron" size={12} />
      </button>
      {open && <ToolBody tool={tool} subAgent={subAgent} />}
    </div>
  )
})

function ToolFacts({ part, tool, active }: { part: Part; tool: Tool; active: boolean }) {
  const now = useNow(1_000, active && part.body.startedAt !== undefined)
  const { startedAt, endedAt } = part.body
  const took = startedAt === undefined ? null : (endedAt ?? (active ? now : startedAt)) - startedAt
  return (
    <span className="tool-facts numbers">
      {tool.status === "interrupted" && <span className="tag">interrupted</span>}
      {tool.status === "error" && (
        <span className="tag" data-kind="bad">
          failed
        </span>
      )}
      {tool.exitCode !== undefined && tool.exitCode !== 0 && (
        <span className="tag" data-kind="bad">
          exit {tool.exitCode}
        </span>
      )}
      {took !== null && (took >= 1_000 || !active) && <span>{duration(took)}</span>}
    </span>
  )
}

function ToolBody({ tool, subAgent }: { tool: Tool; subAgent: ToolRowProps["subAgent"] }) {
  const input = toolInput(tool)
  const output = plainOutput(tool.output ?? "")
  return (
    <div className="tool-body">
      {input.kind === "command" && <Block text={input.text} label="Command" prompt />}
      {input.kind === "text" && <Block text={input.text} label="Input" />}
      {input.kind === "change" && <Change before={input.before} after={input.after} />}
      {tool.childSessionId !== undefined && subAgent(tool.childSessionId)}
      {tool.error !== undefined && <Block text={plainOutput(tool.error)} label="Error" bad />}
      {output !== "" && <Block text={output} label="Output" />}
      {output === "" && tool.error === undefined && tool.status === "completed" && (
        <p className="tool-none">No output</p>
      )}
      {tool.exitCode !== undefined && <p className="tool-none">Exit code {tool.exitCode}</p>}
    </div>
  )
}

/** A text, or of a very long one its beginning and its end, and the rest on demand. */
function Shown({ text }: { text: string }) {
  const [all, setAll] = useState(false)
  const excerpt = useMemo(() => (all ? null : excerptOf(text)), [text, all])
  if (!excerpt) return text
  return (
    <>
      {excerpt.head}
      <Button className="button tool-rest" onClick={() => setAll(true)}>
        Show all: {compact(excerpt.leftOut)} more characters
      </Button>
      {excerpt.tail}
    </>
  )
}

interface BlockProps {
  readonly text: string
  readonly label: string
  readonly prompt?: boolean
  readonly bad?: boolean
}

function Block({ text, label, prompt = false, bad = false }: BlockProps) {
  return (
    <figure className="tool-block" aria-label={label} {...(bad ? { "data-bad": "" } : {})}>
      <pre tabIndex={0}>
        {prompt && (
          <span className="tool-prompt" aria-hidden="true">
            ${" "}
          </span>
        )}
        <Shown text={text} />
      </pre>
      <IconButton icon="copy" label={`Copy ${label.toLowerCase()}`} onClick={() => copy(text)} />
    </figure>
  )
}
