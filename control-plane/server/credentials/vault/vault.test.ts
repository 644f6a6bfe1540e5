import { createHash } from "node:crypto"
import { inspect } from "node:util"
import { describe, expect, it } from "vitest"
import { Secret } from "../../crypto/index.ts"
import { createVault } from "./vault.ts"

const key = (id: string, fill: number) => ({ id, key: new Secret(Buffer.alloc(32, fill).toString("base64")) })
const context = { table: "linked_accounts", column: "tokens_sealed", row: "acc_1", owner: "usr_1" }
const vault = createVault({ keys: [key("2026-11", 1)] })

describe("the vault", () => {
  it("opens what it sealed, in the place it was sealed for", () => {
    expect(vault.open(vault.seal("käse", context), context).reveal()).toBe("käse")
    expect(vault.open(vault.seal("", context), context).reveal()).toBe("")
    expect(vault.open(vault.seal(Buffer.from("bytes"), context), context).reveal()).toBe("bytes")
  })

  it("never seals the same text to the same bytes, nor shows it", () => {
    const first = vault.seal("canary-value", context)
    expect(first.equals(vault.seal("canary-value", context))).toBe(false)
    expect(first.includes("canary-value")).toBe(false)
    expect(inspect(vault.open(first, context))).not.toContain("canary-value")
  })

  it.each([
    ["table", { ...context, table: "providers" }],
    ["column", { ...context, column: "other" }],
    ["row", { ...context, row: "acc_2" }],
    ["owner", { ...context, owner: "usr_2" }],
    ["owner left out", { table: context.table, column: context.column, row: context.row }],
    ["the same characters cut at another place", { ...context, table: "linked_account", column: "stokens_sealed" }],
  ])("does not open a value in another place: %s", (_, elsewhere) => {
    expect(() => vault.open(vault.seal("text", context), elsewhere)).toThrow("cannot be read")
  })

  it("knows a text again by its fingerprint, on every replica and while keys change, and nobody else does", () => {
    const told = vault.fingerprint("short")
    expect(vault.isFingerprint(told, "short")).toBe(true)
    expect(vault.isFingerprint(told, "Short")).toBe(false)
    expect(createVault({ keys: [key("new", 2), key("2026-11", 1)] }).isFingerprint(told, "short")).toBe(true)
    expect(createVault({ keys: [key("2026-11", 2)] }).isFingerprint(told, "short")).toBe(false)
    expect(told.equals(createHash("sha256").update("short").digest())).toBe(false)
    expect(vault.isFingerprint(Buffer.alloc(0), "short")).toBe(false)
  })

  it("refuses a value with any one bit flipped", () => {
    const sealed = vault.seal("token", context)
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const changed = Buffer.from(sealed)
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(() => vault.open(changed, context), `bit ${bit}`).toThrow("cannot be read")
    }
  })

  it("refuses a value cut off at any length, and one with something added", () => {
    const sealed = vault.seal("token", context)
    for (let length = 0; length < sealed.length; length++) {
      expect(() => vault.open(sealed.subarray(0, length), context), `length ${length}`).toThrow("cannot be read")
    }
    expect(() => vault.open(Buffer.concat([sealed, Buffer.from([0])]), context)).toThrow("cannot be read")
  })

  it("seals under the first key of the ring and opens under all of them", () => {
    const old = vault.seal("token", context)
    const rotated = createVault({ keys: [key("2027-01", 2), key("2026-11", 1)] })
    expect(rotated.open(old, context).reveal()).toBe("token")
    expect(rotated.keyIdOf(rotated.seal("token", context))).toBe("2027-01")
    expect(rotated.keyIdOf(old)).toBe("2026-11")
    expect(rotated.keyIdOf(Buffer.from("plain text"))).toBeNull()
  })

  it("does not open a value whose key left the ring, or whose key id was put on another key", () => {
    const sealed = vault.seal("token", context)
    expect(() => createVault({ keys: [key("2027-01", 2)] }).open(sealed, context)).toThrow("cannot be read")
    expect(() => createVault({ keys: [key("2026-11", 9)] }).open(sealed, context)).toThrow("cannot be read")
  })

  it("refuses a ring that is empty, has short keys, or two keys of one name", () => {
    expect(() => createVault({ keys: [] })).toThrow("no key")
    expect(() => createVault({ keys: [{ id: "a", key: new Secret("c2hvcnQ=") }] })).toThrow("32 bytes")
    expect(() => createVault({ keys: [key("a", 1), key("a", 2)] })).toThrow("two keys")
  })
})
