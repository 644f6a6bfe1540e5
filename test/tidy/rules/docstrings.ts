import { type Finding, isNode, isTest, lineAt, type Node, type ParsedFile } from "../source.ts"

const functions = new Set(["ArrowFunctionExpression", "FunctionExpression"])

/** Every exported function says what it does, takes and gives. Components of the UI are named for what they show. */
export function docstrings(file: ParsedFile): Finding[] {
  if (isTest(file.path) || file.path.endsWith(".tsx") || file.path.endsWith(".config.ts")) return []
  return file.parsed.program.body
    .filter((node) => node.type === "ExportNamedDeclaration" || node.type === "ExportDefaultDeclaration")
    .filter((node) => isNode(node) && exportsFunction(node) && !hasDocstring(file, node.start))
    .map((node) => ({
      path: file.path,
      line: lineAt(file, node.start),
      message: "exported function without a docstring",
    }))
}

function exportsFunction(node: Node): boolean {
  const { declaration } = node
  if (!isNode(declaration)) return false
  if (declaration.type === "FunctionDeclaration") return true
  if (declaration.type !== "VariableDeclaration" || !Array.isArray(declaration.declarations)) return false
  return declaration.declarations.some((one) => isNode(one) && isNode(one.init) && functions.has(one.init.type))
}

/** Overloads share the docstring of the first: what stands between it and the function may be its other signatures. */
function hasDocstring(file: ParsedFile, start: number): boolean {
  const before = file.parsed.comments.findLast((comment) => comment.end <= start)
  if (before === undefined || before.type !== "Block" || !before.value.startsWith("*")) return false
  const between = file.text.slice(before.end, start)
  return /^\s*(\/\/[^\n]*\s*|export (async )?function [^{}]*\n)*$/.test(between)
}
