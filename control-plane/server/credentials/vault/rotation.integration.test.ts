import { beforeEach, expect, it } from "vitest"
import { testDatabase } from "../../../../test/support/postgres.ts"
import { Secret } from "../../crypto/index.ts"
import { createLogger } from "../../observability/index.ts"
import { rotateVault } from "../index.ts"
import { sealedColumns } from "./columns.ts"
import { SEALED_COLUMNS } from "./sealed-store.ts"
import { checkVault } from "./sentinel.ts"
import { createVault, type Vault } from "./vault.ts"

const ROWS = 250
const key = (id: string, fill: number) => ({ id, key: new Secret(Buffer.alloc(32, fill).toString("base64")) })
const old = createVault({ keys: [key("one", 1)] })
const next = createVault({ keys: [key("two", 2), key("one", 1)] })
const { database, openPool } = await testDatabase()
const log = createLogger({ level: "silent", replica: "test" })

beforeEach(async () => {
  await database.raw("TRUNCATE providers, workloads, vault_keys")
  await checkVault({ database, vault: old })
})

async function fill(vault: Vault, count = ROWS): Promise<void> {
  const workloads = Array.from({ length: count }, (_, index) => {
    const id = `w${String(index).padStart(4, "0")}`
    return { id, name: id, password_sealed: vault.seal(`password of ${id}`, sealedColumns.workloadPassword(id)) }
  })
  await database.batchInsert("workloads", workloads, 100)
  const secrets_sealed = vault.seal("{}", sealedColumns.providerSecrets("p"))
  await database("providers").insert({ id: "p", definition: "{}", secrets_sealed, updated_by: "test" })
}

async function passwords(vault: Vault): Promise<string[]> {
  const rows = await database("workloads").select("id", "password_sealed").orderBy("id")
  return rows.map((row) => vault.open(row.password_sealed, sealedColumns.workloadPassword(row.id)).reveal())
}

it("everything is sealed under the new key, and the old one may go", async () => {
  await fill(old)
  await checkVault({ database, vault: next })
  expect(await rotateVault({ database, vault: next, log })).toEqual({ resealed: ROWS + 1, failed: 0, retired: ["one"] })
  const alone = createVault({ keys: [key("two", 2)] })
  await checkVault({ database, vault: alone })
  expect(await passwords(alone)).toHaveLength(ROWS)
  expect((await passwords(alone))[249]).toBe("password of w0249")
  expect(await rotateVault({ database, vault: alone, log })).toEqual({ resealed: 0, failed: 0, retired: [] })
})

it("three replicas at once, while values are written, do it once and lose nothing", async () => {
  await fill(old)
  const writing = (async () => {
    for (let index = 0; index < 50; index++) {
      const id = `w${String(index * 5).padStart(4, "0")}`
      const sealed = next.seal(`changed ${id}`, sealedColumns.workloadPassword(id))
      await database("workloads").where({ id }).update({ password_sealed: sealed })
    }
  })()
  const pools = [database, openPool(), openPool()]
  const results = await Promise.all(pools.map((pool) => rotateVault({ database: pool, vault: next, log })))
  await writing
  expect(results.reduce((sum, { resealed }) => sum + resealed, 0)).toBeLessThanOrEqual(ROWS + 1)
  const all = await passwords(createVault({ keys: [key("two", 2)] }))
  expect(all).toHaveLength(ROWS)
  expect(all[0]).toBe("changed w0000")
  expect(all[1]).toBe("password of w0001")
})

it("a run that was cut off is taken up where it was", async () => {
  await fill(old)
  const cut = { ...next, seal: limited(next, 130) }
  await expect(rotateVault({ database, vault: cut, log: throwing() })).rejects.toThrow("killed")
  const { resealed, failed } = await rotateVault({ database, vault: next, log })
  expect(failed).toBe(0)
  // One batch of 100 was complete; the half of the second one was undone.
  expect(resealed).toBe(ROWS + 1 - 100)
})

/** Fails like a killed process: the error of the log is not caught by the rotation. */
function throwing() {
  return Object.assign(createLogger({ level: "silent", replica: "test" }), {
    error: () => {
      throw new Error("killed")
    },
  })
}

function limited(vault: Vault, times: number): Vault["seal"] {
  let count = 0
  return (plaintext, context) => {
    if (++count > times) throw new Error("no more")
    return vault.seal(plaintext, context)
  }
}

it("a value that does not open is left as it was, told, and keeps its key from being retired", async () => {
  await fill(old, 3)
  const moved = old.seal("x", sealedColumns.workloadPassword("elsewhere"))
  await database("workloads").where({ id: "w0001" }).update({ password_sealed: moved })
  expect(await rotateVault({ database, vault: next, log })).toEqual({ resealed: 3, failed: 1, retired: [] })
})

it("a start without a key that something is still sealed under fails, also when its known value is gone", async () => {
  await fill(old, 1)
  await database.raw("TRUNCATE vault_keys")
  await expect(checkVault({ database, vault: createVault({ keys: [key("two", 2)] }) })).rejects.toThrow('"one"')
})

it("no sealed column of the schema is forgotten", async () => {
  const { rows } = await database.raw(
    "SELECT table_name || '.' || column_name AS name FROM information_schema.columns WHERE data_type = 'bytea' AND column_name LIKE '%sealed'",
  )
  const known = [...SEALED_COLUMNS.map(({ table, column }) => `${table}.${column}`), "link_attempts.verifier_sealed"]
  expect(rows.map(({ name }: { name: string }) => name).sort()).toEqual(known.sort())
})
