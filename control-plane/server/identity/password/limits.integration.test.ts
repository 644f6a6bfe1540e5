import { expect, test } from "vitest"
import { testDatabase } from "../../../../test/support/postgres.ts"
import { createSignInLimits, LIMITS } from "./limits.ts"

const { database } = await testDatabase()
const from = (address: string) => ({ account: "ann@example.com", address, knownBrowser: null })

test("the addresses of one IPv6 network are one", async () => {
  const limits = createSignInLimits(database)
  for (let at = 1; at <= LIMITS.pair; at += 1) await limits.attempt(from(`2001:db8:1:2::${at.toString(16)}`))
  await expect(limits.attempt(from("2001:db8:1:2:ffff::1"))).rejects.toMatchObject({ detail: "limit pair" })
  await limits.attempt(from("2001:db8:1:3::1"))
})
