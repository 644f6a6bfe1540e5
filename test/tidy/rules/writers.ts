import { type Finding, isNode, isTest, lineAt, type Node, type ParsedFile, quotedText, walk } from "../source.ts"

interface Write {
  readonly table: string
  readonly room: string
  readonly file: ParsedFile
  readonly at: number
}

/**
 * Columns of another room's table that a room may write, each with its reason: one UPDATE under the row's lock that
 * would otherwise be two.
 */
const exceptions: Readonly<Record<string, readonly string[]>> = {
  // The numbers of events and messages are given out under the lock of the session's row, 700 batches a second.
  sessions: ["transcripts"],
}
const statement =
  /\b(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM|MERGE\s+INTO|TRUNCATE(?:\s+TABLE)?|COPY)\s+(?:ONLY\s+)?"?(\w+)"?/g
const writingCalls = new Set(["insert", "update", "delete", "del", "increment", "decrement", "truncate", "upsert"])

/**
 * Each table is written by one room of the server: the one whose stores know what must hold in it.
 * @param tables names of all tables
 */
export function tableWriters(tables: ReadonlySet<string>): (files: readonly ParsedFile[]) => Finding[] {
  return (files) => {
    const writes = files.flatMap((file) => writesOf(file, tables))
    const owners = Map.groupBy(writes, ({ table }) => table)
    return [...owners].flatMap(([table, found]) => {
      const rooms = [...new Set(found.map(({ room }) => room))].filter((room) => !exceptions[table]?.includes(room))
      if (rooms.length < 2) return []
      return found.map(({ file, at }) => ({
        path: file.path,
        line: lineAt(file, at),
        message: `${table} is written by ${rooms.sort().join(" and ")}: let one of them do it`,
      }))
    })
  }
}

function writesOf(file: ParsedFile, tables: ReadonlySet<string>): Write[] {
  const room = /^control-plane\/server\/([^/]+)\//.exec(file.path)?.[1]
  if (room === undefined || room === "database" || isTest(file.path)) return []
  return [...walk(file.parsed.program)].flatMap((node) =>
    [...textTables(node), ...callTables(node)]
      .filter((table) => tables.has(table))
      .map((table) => ({ table, room, file, at: node.start })),
  )
}

/** Of a statement in quotes or in a template. */
function textTables(node: Node): string[] {
  return [...(quotedText(node) ?? "").matchAll(statement)].map((match) => match[1] ?? "")
}

/** Of `database("sessions").where(…).update(…)`: the table that the chain begins with. */
function callTables(node: Node): string[] {
  const callee = node.type === "CallExpression" && isNode(node.callee) ? node.callee : undefined
  if (callee?.type !== "MemberExpression" || !isNode(callee.property)) return []
  if (!writingCalls.has(String(callee.property.name))) return []
  let from = callee.object
  while (isNode(from)) {
    if (from.type === "CallExpression" && isNode(from.callee) && from.callee.type === "Identifier") {
      const first = Array.isArray(from.arguments) ? from.arguments[0] : undefined
      return isNode(first) && typeof first.value === "string" ? [first.value.split(" ")[0] ?? ""] : []
    }
    from = from.type === "CallExpression" ? from.callee : from.type === "MemberExpression" ? from.object : undefined
  }
  return []
}
