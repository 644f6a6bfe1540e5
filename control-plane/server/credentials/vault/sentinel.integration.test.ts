import { expect, it } from "vitest"
import { testDatabase } from "../../../../test/support/postgres.ts"
import { Secret } from "../../crypto/index.ts"
import { checkVault } from "./sentinel.ts"
import { createVault } from "./vault.ts"

const key = (id: string, fill: number) => ({ id, key: new Secret(Buffer.alloc(32, fill).toString("base64")) })
const vaultOf = (...keys: ReturnType<typeof key>[]) => createVault({ keys })

it("a start fails when the ring does not open what the database holds, and says which key is missing", async () => {
  const { database } = await testDatabase()
  const check = (...keys: ReturnType<typeof key>[]) => checkVault({ database, vault: vaultOf(...keys) })

  await Promise.all([check(key("one", 1)), check(key("one", 1))])
  await check(key("two", 2), key("one", 1))
  // A key that has not sealed anything yet may come and go.
  await check(key("two", 2), key("one", 1), key("next", 3))

  await expect(check(key("two", 2))).rejects.toThrow('"one", which is not in the ring')
  await expect(check(key("three", 3))).rejects.toThrow("not in the ring")
  await expect(check(key("two", 9), key("one", 1))).rejects.toThrow('"two" is not the one that sealed')
  expect((await database.raw("SELECT key_id FROM vault_keys ORDER BY key_id")).rows).toEqual([
    { key_id: "one" },
    { key_id: "two" },
  ])
})
