import { expect, test } from "vitest"
import { testDatabase } from "../../../../test/support/postgres.ts"
import { linkLocalUser, upsertUser } from "./store.ts"

const { database } = await testDatabase()

test("a local account is found by its address in any case of ASCII, and by no letter that only Unicode makes equal", async () => {
  const email = "mark@corp.example"
  const { id } = await upsertUser(database, { issuer: "local", subject: email, email, name: "Mark", role: null })
  const link = (other: string) => linkLocalUser(database, { issuer: "https://idp", subject: "1", email: other })
  expect(await link("mar\u212A@corp.example")).toBeNull()
  expect(await link("MARK@Corp.Example")).toBe(id)
})
