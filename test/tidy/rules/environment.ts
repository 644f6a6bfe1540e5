import { type Finding, isNode, isTest, lineAt, type ParsedFile, walk } from "../source.ts"

/** Programs that are one small file around a composition; each reads its own environment once. */
const entryPoints = new Set([
  "auth-helpers/main.ts",
  "data-plane-init/main.ts",
  "control-plane/server/main.ts",
  "secrets-job/main.ts",
])

/** Only config/ and the entry points read the environment. */
export function environmentAccess(file: ParsedFile): Finding[] {
  if (isTest(file.path) || /^(dev|scripts|control-plane\/server\/config|control-plane\/ui\/dev)\//.test(file.path))
    return []
  if (entryPoints.has(file.path) || file.path.endsWith(".config.ts")) return []
  return [...walk(file.parsed.program)]
    .filter(
      (node) =>
        node.type === "MemberExpression" &&
        isNode(node.object) &&
        node.object.name === "process" &&
        isNode(node.property) &&
        node.property.name === "env",
    )
    .map((node) => ({ path: file.path, line: lineAt(file, node.start), message: "process.env outside of config/" }))
}
