import { type Finding, isNode, isTest, lineAt, type Node, type ParsedFile, type SourceFile, walk } from "../source.ts"

const file_lines_max = 400
const function_lines_max = 70
const functionTypes = new Set(["FunctionDeclaration", "FunctionExpression", "ArrowFunctionExpression"])

/** A file that a person reads in a few minutes. */
export function fileLength(file: SourceFile): Finding[] {
  const lines = file.text.trimEnd().split("\n").length
  if (lines <= file_lines_max) return []
  return [{ path: file.path, line: file_lines_max, message: `${lines} lines; at most ${file_lines_max}` }]
}

/** A function that fits a screen. A `describe` block is a heading, not a function. */
export function functionLength(file: ParsedFile): Finding[] {
  const headings = isTest(file.path) ? describeCallbacks(file) : new Set<unknown>()
  return [...walk(file.parsed.program)]
    .filter((node) => functionTypes.has(node.type) && !headings.has(node))
    .map((node) => ({ node, lines: lineAt(file, node.end) - lineAt(file, node.start) + 1 }))
    .filter(({ lines }) => lines > function_lines_max)
    .map(({ node, lines }) => ({
      path: file.path,
      line: lineAt(file, node.start),
      message: `function of ${lines} lines; at most ${function_lines_max}`,
    }))
}

function describeCallbacks(file: ParsedFile): Set<unknown> {
  const found = new Set<unknown>()
  for (const node of walk(file.parsed.program)) {
    if (isDescribe(node)) for (const argument of node.arguments) found.add(argument)
  }
  return found
}

function isDescribe(node: Node): node is Node & { arguments: unknown[] } {
  if (node.type !== "CallExpression" || !Array.isArray(node.arguments)) return false
  const first = [...walk(node.callee)].find((part) => part.type === "Identifier")
  return isNode(first) && first.name === "describe"
}
