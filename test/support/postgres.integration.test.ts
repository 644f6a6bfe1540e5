import { expect, test } from "vitest"
import { testDatabase } from "./postgres.ts"

const [one, other, empty] = await Promise.all([testDatabase(), testDatabase(), testDatabase({ empty: true })])

test("every test database is migrated and of its own", async () => {
  await one.database("rate_limits").insert({ key: "only here" })
  expect(await other.database("rate_limits").select()).toEqual([])
  expect(await one.openPool(1)("rate_limits").select("key")).toEqual([{ key: "only here" }])
})

test("an empty database has no tables of ours", async () => {
  expect(await empty.database.schema.hasTable("sessions")).toBe(false)
})
