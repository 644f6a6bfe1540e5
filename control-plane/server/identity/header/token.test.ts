import { createHmac, generateKeyPairSync } from "node:crypto"
import fc from "fast-check"
import { createLocalJWKSet, exportJWK, type JWTPayload, SignJWT } from "jose"
import { beforeAll, expect, test } from "vitest"
import { isAppError } from "../../errors/index.ts"
import { createVerifyToken, remoteKeys, type VerifyToken } from "./token.ts"

const NOW = 1_700_000_000_000
const trust = { issuer: "https://idp.example.com", audience: "berth", jwksUri: "https://idp.example.com/keys" }
const ours = generateKeyPairSync("ed25519")
const theirs = generateKeyPairSync("ed25519")
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 })
const clock = { now: () => NOW, sleep: async () => undefined }
let verify: VerifyToken

beforeAll(async () => {
  const keys = [
    { ...(await exportJWK(ours.publicKey)), kid: "1" },
    { ...(await exportJWK(rsa.publicKey)), kid: "2" },
  ]
  verify = createVerifyToken({ trust, clock, keys: createLocalJWKSet({ keys }) })
})

const claims = { sub: "u1", email: "a@example.com", name: "A" }
const sign = (changes: JWTPayload = {}, header: Record<string, unknown> = {}, key = ours.privateKey) =>
  new SignJWT({
    iss: trust.issuer,
    aud: trust.audience,
    iat: NOW / 1_000,
    exp: NOW / 1_000 + 300,
    ...claims,
    ...changes,
  })
    .setProtectedHeader({ alg: "EdDSA", kid: "1", ...header })
    .sign(key)
const codeOf = async (token: string) => {
  try {
    await verify(token)
    return "accepted"
  } catch (error) {
    return isAppError(error) ? error.code : "not ours"
  }
}

test("a token of our issuer for us is accepted, with 60 s of skew", async () => {
  expect(await verify(await sign())).toMatchObject(claims)
  expect(await codeOf(await sign({ exp: NOW / 1_000 - 59 }))).toBe("accepted")
  expect(await codeOf(await sign({ nbf: NOW / 1_000 + 59 }))).toBe("accepted")
  expect(await codeOf(await sign({ iat: NOW / 1_000 + 59 }))).toBe("accepted")
})

test.each<[string, () => Promise<string>]>([
  ["expired", () => sign({ exp: NOW / 1_000 - 61 })],
  ["not valid yet", () => sign({ nbf: NOW / 1_000 + 61 })],
  ["issued in the future", () => sign({ iat: NOW / 1_000 + 61 })],
  ["of another issuer", () => sign({ iss: "https://idp.example.com.evil.com" })],
  ["of our issuer with a slash", () => sign({ iss: `${trust.issuer}/` })],
  ["for another audience", () => sign({ aud: "other" })],
  ["for several others", () => sign({ aud: ["other", "berthx"] })],
  ["without a subject", () => sign({ sub: "" })],
  ["without expiry", () => sign({ exp: undefined as never })],
  ["without audience", () => sign({ aud: undefined as never })],
  ["without issuer", () => sign({ iss: undefined as never })],
  ["signed by another key", () => sign({}, {}, theirs.privateKey)],
  ["with a key of its own", async () => sign({}, { jwk: await exportJWK(theirs.publicKey) }, theirs.privateKey)],
  ["that names where its key is", () => sign({}, { jku: "https://evil.com/keys", kid: "9" }, theirs.privateKey)],
  ["with an unknown key id", () => sign({}, { kid: "9" })],
  [
    "with critical extensions nobody knows",
    () => sign({}, { crit: ["x"], x: 1 }).catch(() => withHeader({ alg: "EdDSA", kid: "1", crit: ["x"], x: 1 })),
  ],
  ["without a signature", async () => `${await unsigned({ alg: "none" })}.`],
  ["with an empty signature", async () => `${await unsigned({ alg: "EdDSA", kid: "1" })}.`],
  ["signed with the public key as a secret", hmacWithPublicKey],
  ["that is no token", async () => "a.b.c"],
  ["that is empty", async () => ""],
])("a token %s is refused", async (_name, make) => {
  expect(await codeOf(await make())).toBe("unauthenticated")
})

test("while the keys cannot be had, nobody is let in", async () => {
  // Nothing listens on port 1.
  const unreachable = createVerifyToken({ trust, clock, keys: remoteKeys("http://127.0.0.1:1/keys") })
  await expect(unreachable(await sign())).rejects.toMatchObject({ code: "unavailable" })
})

test("of 100,000 mutants of a valid token none is accepted", async () => {
  const token = await sign()
  const parts = token.split(".")
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
  const random = fc.sample(fc.tuple(fc.nat(), fc.nat(), fc.nat(), fc.nat()), { numRuns: 100_000, seed: 11 })
  const decoded = parts.map((part) => Buffer.from(part, "base64url").toString("latin1"))
  let accepted = 0
  for (const [kind, at, what, more] of random) {
    const mutant = mutate(parts, alphabet, kind, at, what, more)
    // Base64 has spare bits at the end: another spelling of the same bytes is the same token.
    const same = mutant.split(".").map((part) => Buffer.from(part, "base64url").toString("latin1"))
    if (same.length === 3 && same.every((part, index) => part === decoded[index])) continue
    if ((await codeOf(mutant)) !== "unauthenticated") accepted += 1
  }
  expect(accepted).toBe(0)
}, 600_000)

function mutate(parts: string[], alphabet: string, kind: number, at: number, what: number, more: number): string {
  const copy = [...parts]
  const which = more % 3
  const part = copy[which] ?? ""
  const place = at % (part.length + 1)
  const letter = alphabet[what % alphabet.length] ?? "A"
  const forms = [
    () => part.slice(0, place) + letter + part.slice(place + 1),
    () => part.slice(0, place) + letter + part.slice(place),
    () => part.slice(0, place) + part.slice(place + 1 + (what % 4)),
    () => part.slice(place) + part.slice(0, place),
    () => "",
    () => copy[what % 3] ?? "",
  ]
  copy[which] = (forms[kind % forms.length] ?? (() => ""))()
  const mutant = copy.join(".")
  return mutant === parts.join(".") ? `${mutant}A` : mutant
}

async function unsigned(header: object): Promise<string> {
  const payload = { iss: trust.issuer, aud: trust.audience, exp: NOW / 1_000 + 300, ...claims }
  return [header, payload].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".")
}

async function withHeader(header: object): Promise<string> {
  return `${await unsigned(header)}.${(await sign()).split(".")[2]}`
}

async function hmacWithPublicKey(): Promise<string> {
  const body = await unsigned({ alg: "HS256", kid: "2" })
  const key = rsa.publicKey.export({ type: "spki", format: "pem" })
  return `${body}.${createHmac("sha256", key).update(body).digest("base64url")}`
}
