import { readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { AppError } from "../../errors/index.ts"
import { explain, FAILURE_NAMES } from "./failures.ts"

test("docs/sign-in.md has a row for every reason, and no other", () => {
  const text = readFileSync(join(import.meta.dirname, "../../../../docs/sign-in.md"), "utf8")
  const rows = [...text.matchAll(/^\| `([a-z_]+)` \|/gm)].map(([, name]) => name)
  expect(rows.toSorted()).toEqual(FAILURE_NAMES.toSorted())
})

test("what nobody has foreseen is told too", () => {
  for (const error of [new Error("?"), "text", null, undefined, new AppError("internal", "?")]) {
    expect(explain(error).hint.length).toBeGreaterThan(20)
  }
})
