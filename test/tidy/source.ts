import { execFileSync } from "node:child_process"
import { readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { parseSync } from "oxc-parser"
import { repositoryRoot } from "../../scripts/lib/paths.ts"

/** A file of the repository, read. */
export interface SourceFile {
  /** From the top of the repository, with forward slashes. */
  readonly path: string
  readonly text: string
}

/** A TypeScript file, parsed. */
export interface ParsedFile extends SourceFile {
  readonly parsed: ReturnType<typeof parseSync>
}

/** What is wrong, where. */
export interface Finding {
  readonly path: string
  readonly line: number
  readonly message: string
}

/** A rule over one file; no findings when the file keeps it. */
export type Rule = (file: ParsedFile) => Finding[]

/** A node of the syntax tree, as far as a generic walk needs it. */
export type Node = { readonly type: string; readonly start: number; readonly end: number } & Record<string, unknown>

const text_bytes_max = 2 * 1024 * 1024

/** All files of the repository that git knows or would add. */
export function listFiles(): string[] {
  const output = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
    cwd: repositoryRoot,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  })
  return [...new Set(output.split("\n"))].filter((path) => path !== "" && isSmallFile(path)).sort()
}

/** A file that was deleted but not yet committed is listed and not there. */
function isSmallFile(path: string): boolean {
  const found = statSync(join(repositoryRoot, path), { throwIfNoEntry: false })
  return found?.isFile() === true && found.size <= text_bytes_max
}

/** Reads one file by its path from the top of the repository. */
export function readSource(path: string): SourceFile {
  return { path, text: readFileSync(join(repositoryRoot, path), "utf8") }
}

/** True for a file that {@link parseSource} understands. */
export function isTypeScript(path: string): boolean {
  return /\.tsx?$/.test(path) && !path.endsWith(".d.ts")
}

/** True for a test and for what tests share (`test/`, `control-plane/ui/test/`): they may reach into what they test. */
export function isTest(path: string): boolean {
  return path.startsWith("test/") || /\.test\.tsx?$|\/ui\/test\//.test(path)
}

/** Parses TypeScript. @throws Error with the parser's words when it is none */
export function parseSource(file: SourceFile): ParsedFile {
  const parsed = parseSync(file.path, file.text)
  const fault = parsed.errors[0]
  if (fault !== undefined) throw new Error(`${file.path}: ${fault.message}`)
  return { ...file, parsed }
}

/** Number of the line, from 1, that a position is in. */
export function lineAt(file: SourceFile, position: number): number {
  return file.text.slice(0, position).split("\n").length
}

/** All nodes below `root`, itself first, in the order of the text. */
export function* walk(root: unknown): Generator<Node> {
  if (Array.isArray(root)) {
    for (const item of root) yield* walk(item)
  } else if (isNode(root)) {
    yield root
    for (const value of Object.values(root)) if (typeof value === "object") yield* walk(value)
  }
}

/** True for a node of the syntax tree. */
export function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value && "start" in value && "end" in value
}

/** The text of a node in quotes, or of a piece of a template as it is written; undefined for every other node. */
export function quotedText({ type, value }: Node): string | undefined {
  if (type === "Literal") return typeof value === "string" ? value : undefined
  if (type !== "TemplateElement" || typeof value !== "object" || value === null || !("raw" in value)) return undefined
  return String(value.raw)
}
