import type { Part, PartBody } from "../../transcripts/types.ts"
import { amount, defined, type Fields, fields, id, json, list, tail, text, texts, time } from "./clean.ts"
import { LIMITS } from "./limits.ts"

export interface ReadPart {
  readonly sessionId: string
  readonly messageId: string
  readonly part: Part
  /** A text that may still grow, or a tool that has not ended. */
  readonly open: boolean
}

/**
 * A part of OpenCode in our terms, or undefined for what no reader needs: step marks (every step is a message of its own),
 * snapshots, retries (told as notices) and synthetic text, which OpenCode writes for the model only.
 */
export function readPart(raw: unknown, directory: string): ReadPart | undefined {
  const wire = fields(raw)
  const sessionId = id(wire.sessionID, "ses")
  const messageId = id(wire.messageID, "msg")
  const partId = id(wire.id, "prt")
  if (sessionId === undefined || messageId === undefined || partId === undefined) return undefined
  const read = readBody(wire, directory)
  if (read === undefined) return undefined
  const { type, body, open } = read
  return { sessionId, messageId, part: { id: partId, type, body }, open }
}

type Body = { type: Part["type"]; body: PartBody; open: boolean }

function readBody(wire: Fields, directory: string): Body | undefined {
  switch (wire.type) {
    case "text":
    case "reasoning":
      return wire.synthetic === true || wire.ignored === true ? undefined : readText(wire, wire.type)
    case "tool":
      return readTool(wire)
    case "file":
      return { type: "file", body: { file: readFile(wire) }, open: false }
    case "subtask":
      return { type: "subtask", body: { text: text(wire.description, LIMITS.message_chars_max) ?? "" }, open: false }
    case "patch":
      return { type: "patch", body: { files: readFiles(wire.files, directory) }, open: false }
    case "compaction":
      return { type: "compaction", body: {}, open: false }
    default:
      return undefined
  }
}

function readText(wire: Fields, type: "text" | "reasoning"): Body {
  const times = fields(wire.time)
  const endedAt = time(times.end)
  return {
    type,
    body: defined<PartBody>({
      text: text(wire.text, LIMITS.text_chars_max) ?? "",
      startedAt: time(times.start),
      endedAt,
    }),
    // A user's text has no times at all and never grows.
    open: times.start !== undefined && endedAt === undefined,
  }
}

function readTool(wire: Fields): Body {
  const state = fields(wire.state)
  const times = fields(state.time)
  const metadata = fields(state.metadata)
  const status = readStatus(state.status)
  const tool = defined<NonNullable<PartBody["tool"]>>({
    name: text(wire.tool, LIMITS.name_chars_max) ?? "unknown",
    callId: text(wire.callID, LIMITS.name_chars_max) ?? "",
    status,
    title: text(state.title, LIMITS.name_chars_max),
    input: state.input === undefined ? undefined : json(state.input, LIMITS.input_chars_max),
    output: tail(status === "completed" ? state.output : metadata.output, LIMITS.output_chars_max),
    error: text(state.error, LIMITS.message_chars_max),
    exitCode: amount(metadata.exit, 0xffff),
    childSessionId: id(metadata.sessionId, "ses"),
  })
  return {
    type: "tool",
    body: defined<PartBody>({ tool, startedAt: time(times.start), endedAt: time(times.end) }),
    open: status === "pending" || status === "running",
  }
}

function readStatus(value: unknown): "pending" | "running" | "completed" | "error" {
  return value === "running" || value === "completed" || value === "error" ? value : "pending"
}

function readFile(wire: Fields): { name: string; mime: string } {
  return {
    name: text(wire.filename, LIMITS.name_chars_max) ?? "file",
    mime: text(wire.mime, 100) ?? "application/octet-stream",
  }
}

function readFiles(value: unknown, directory: string): readonly string[] {
  const prefix = `${directory}/`
  return texts(list(value, LIMITS.list_items_max), LIMITS.list_items_max, LIMITS.name_chars_max).map((path) =>
    path.startsWith(prefix) ? path.slice(prefix.length) : path,
  )
}
