import { SCOPES, type Scope } from "../../../control-plane/server/identity/index.ts"
import { type Row, WHO, type Who } from "./permission-table.ts"

/** One question of the matrix and its expected answer. */
export interface Cell {
  readonly row: Row
  readonly visibility: "private" | "public"
  readonly who: Who | { readonly scope: Scope }
  readonly expected: number
}

/** Every cell of the table: each row for everybody and for a token of each scope, private and public. */
export function cellsOf(table: readonly Row[]): Cell[] {
  return table.flatMap((row) =>
    (["private", "public"] as const).flatMap((visibility) => {
      const statuses = (visibility === "public" ? (row.public ?? row.private) : row.private).split(" ").map(Number)
      const expected = (who: Who) => statuses[WHO.indexOf(who)] ?? 0
      const open = expected("anonymous") !== 401
      return [
        ...WHO.map((who) => ({ row, visibility, who, expected: expected(who) })),
        ...SCOPES.map((scope) => {
          const reaches = open || row.tokens.includes(scope)
          return { row, visibility, who: { scope }, expected: reaches ? expected("owner") : 403 }
        }),
      ]
    }),
  )
}

/** Routes without a row, and rows without a route. */
export function missingFrom(table: readonly Row[], routes: readonly { method: string; path: string }[]) {
  const names = routes.map((route) => `${route.method} ${route.path}`)
  const rows = table.map((row) => row.route)
  return {
    routes: names.filter((name) => !rows.includes(name)),
    rows: rows.filter((name, index) => !names.includes(name) || rows.indexOf(name) !== index),
  }
}
