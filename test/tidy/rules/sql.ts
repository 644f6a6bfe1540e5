import { type Finding, isNode, isTest, lineAt, type Node, type ParsedFile, quotedText, walk } from "../source.ts"

const statement =
  /^\s*(SELECT\s|INSERT\s+INTO\s|UPDATE\s+\w+\s+SET\s|DELETE\s+FROM\s|WITH\s+\w+\s+AS\s*\(|LISTEN\s|NOTIFY\s)/

/**
 * SQL and table names stand in stores only: files named `*store*.ts` or in a folder `store/`, and in database/.
 * @param tables names of all tables
 */
export function sqlInStores(tables: ReadonlySet<string>): (file: ParsedFile) => Finding[] {
  return (file) => {
    if (!file.path.startsWith("control-plane/server/") || isTest(file.path) || isStore(file.path)) return []
    return [...walk(file.parsed.program)]
      .filter((node) => holdsSql(node) || isRaw(node) || namesTable(node, tables))
      .map((node) => ({ path: file.path, line: lineAt(file, node.start), message: "SQL outside of a store" }))
  }
}

function isStore(path: string): boolean {
  return path.startsWith("control-plane/server/database/") || /(^|\/)[^/]*store[^/]*\.ts$|\/stores?\//.test(path)
}

function holdsSql(node: Node): boolean {
  return statement.test(quotedText(node) ?? "")
}

/** `database.raw(…)`; `String.raw` is a tag, not a call. */
function isRaw(node: Node): boolean {
  if (node.type !== "CallExpression" || !isNode(node.callee) || node.callee.type !== "MemberExpression") return false
  return isNode(node.callee.property) && node.callee.property.name === "raw"
}

/** `database("sessions")`, `transaction("sessions as s")`. */
function namesTable(node: Node, tables: ReadonlySet<string>): boolean {
  if (node.type !== "CallExpression" || !isNode(node.callee) || node.callee.type !== "Identifier") return false
  if (!/^(database|db|knex|trx?|transaction|pool)$/.test(String(node.callee.name))) return false
  const first = Array.isArray(node.arguments) ? node.arguments[0] : undefined
  if (!isNode(first) || typeof first.value !== "string") return false
  return tables.has(first.value.split(" ")[0] ?? "")
}
