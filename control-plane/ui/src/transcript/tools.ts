import type { PartBody } from "../api/types.ts"
import type { IconName } from "../design/Icon.tsx"

export type Tool = NonNullable<PartBody["tool"]>

/** How a call is shown on its one line. */
export interface ToolLine {
  readonly icon: IconName
  readonly verb: string
  readonly object: string
  /** The object is code: a command, a path, a pattern. */
  readonly code: boolean
}

/** A call in a few words; tools that are not known show their name and title. */
export function toolLine(tool: Tool): ToolLine {
  const now = tool.status === "pending" || tool.status === "running"
  const input = record(tool.input)
  const file = () => shortPath(text(input.filePath) || text(input.path))
  switch (tool.name) {
    case "bash":
      return {
        icon: "terminal",
        verb: now ? "Running" : "Ran",
        object: firstLine(text(input.command)) || tool.title || "",
        code: true,
      }
    case "read":
      return { icon: "file", verb: now ? "Reading" : "Read", object: file(), code: true }
    case "list":
      return { icon: "list", verb: now ? "Listing" : "Listed", object: file(), code: true }
    case "edit":
    case "multiedit":
    case "patch":
    case "apply_patch":
      return { icon: "edit", verb: now ? "Editing" : "Edited", object: file() || tool.title || "", code: true }
    case "write":
      return { icon: "edit", verb: now ? "Writing" : "Wrote", object: file(), code: true }
    case "grep":
    case "glob":
      return { icon: "search", verb: now ? "Searching" : "Searched", object: text(input.pattern), code: true }
    case "webfetch":
      return { icon: "globe", verb: now ? "Fetching" : "Fetched", object: text(input.url), code: true }
    case "todowrite":
    case "todoread":
      return {
        icon: "check",
        verb: now ? "Updating the to-do list" : "Updated the to-do list",
        object: "",
        code: false,
      }
    case "task":
      return { icon: "person", verb: "Sub-agent", object: text(input.description) || tool.title || "", code: false }
    case "question":
      return { icon: "help", verb: now ? "Asks you" : "Asked you", object: "", code: false }
    default:
      return { icon: "wrench", verb: tool.name, object: tool.title ?? "", code: false }
  }
}

/** What a call was given: a command, a change, or anything else as JSON. */
export type ToolInput =
  | { readonly kind: "command"; readonly text: string }
  | { readonly kind: "change"; readonly before: string; readonly after: string }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "none" }

/** What a call was given, in the form that says most. */
export function toolInput(tool: Tool): ToolInput {
  const input = record(tool.input)
  if (Object.keys(input).length === 0) return { kind: "none" }
  if (tool.name === "bash" && text(input.command) !== "") return { kind: "command", text: text(input.command) }
  if (tool.name === "edit" && typeof input.oldString === "string") {
    return { kind: "change", before: input.oldString, after: text(input.newString) }
  }
  if (tool.name === "write") return { kind: "change", before: "", after: text(input.content) }
  if (tool.name === "task") return { kind: "text", text: text(input.prompt) }
  if (tool.name === "read" || tool.name === "todowrite") return { kind: "none" }
  return { kind: "text", text: JSON.stringify(tool.input, null, 2) }
}

/** Terminal output without its colour and cursor codes; of a line that was rewritten, the last writing. */
export function plainOutput(output: string): string {
  const withoutCodes = output.replace(
    /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\-_])/g,
    "",
  )
  return withoutCodes.replace(/\r\n/g, "\n").split("\n").map(lastWriting).join("\n")
}

/** What a line that was written over stands at in the end. */
function lastWriting(line: string): string {
  return line.slice(line.lastIndexOf("\r", line.length - 2) + 1)
}

function shortPath(path: string): string {
  return path.replace(/^\/workspace\/repo\//, "")
}

function firstLine(value: string): string {
  const [first = "", second] = value.trim().split("\n")
  return second === undefined ? first : `${first} …`
}

function text(value: unknown): string {
  return typeof value === "string" ? value : ""
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {}
}
