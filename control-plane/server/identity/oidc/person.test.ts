import { expect, test } from "vitest"
import { testConfig } from "../../../../test/support/http/config.ts"
import { roleOf } from "../roles.ts"
import { claimsOf, personOf as personIn } from "./person.ts"

const oidc = { issuer: "https://idp", clientId: "c", publicClient: true }
const file = (domain: string | string[] = "", roleMapping = {}, emailClaim = "email") =>
  testConfig({ oidc: { ...oidc, domain, emailClaim }, roleMapping }).file
type Settings = ReturnType<typeof file>
const personOf = (given: Parameters<typeof personIn>[0], settings: Settings) =>
  personIn(given, settings, roleOf(given, settings.roleMapping))
const claims = { iss: "https://idp", sub: "1", email: "a@example.com", name: "Ann" }

test("a person is known by issuer and subject", () => {
  expect(personOf(claims, file())).toEqual({
    issuer: "https://idp",
    subject: "1",
    email: "a@example.com",
    emailVerified: false,
    name: "Ann",
    role: null,
  })
})

test("an address is needed, and a name is not", () => {
  expect(personOf({ ...claims, name: undefined }, file()).name).toBe("a@example.com")
  for (const email of [undefined, "", 7, ["a@example.com"], "x".repeat(400)]) {
    expect(() => personOf({ ...claims, email }, file()), String(email)).toThrow("no e-mail address")
  }
})

test("what cannot be stored keeps a person out, unless it is the name, which is written out", () => {
  for (const change of [
    { email: "a\0@example.com" },
    { email: "\ud800@example.com" },
    { sub: "1\0" },
    { sub: "\udc00" },
  ]) {
    expect(() => personOf({ ...claims, ...change }, file())).toThrow("The identity provider gave")
  }
  expect(personOf({ ...claims, name: "A\0nn" }, file()).name).toBe("A\\u0000nn")
})

test("with a domain only its addresses come in, and verified ones where the provider tells", () => {
  expect(personOf({ ...claims, email_verified: true }, file("example.com")).emailVerified).toBe(true)
  expect(personOf(claims, file("example.com")).emailVerified).toBe(false)
  for (const change of [
    { email: "a@evil.com" },
    { email_verified: false },
    { email_verified: "true" },
    { email_verified: null },
  ]) {
    expect(() => personOf({ ...claims, ...change }, file("example.com")), JSON.stringify(change)).toThrow("example.com")
  }
})

test("verified is the boolean and nothing else", () => {
  for (const verified of ["true", 1, {}, "yes"]) {
    expect(personOf({ ...claims, email_verified: verified }, file()).emailVerified).toBe(false)
  }
})

test("an address and whether it is verified come from one document", () => {
  const signed = { iss: "https://idp", sub: "1" }
  const pairOf = (idToken: object, userinfo: Record<string, unknown>) => {
    const { email, emailVerified } = personOf(claimsOf({ ...signed, ...idToken }, userinfo), file())
    return [email, emailVerified]
  }
  const ann = { email: "ann@example.com" }
  const eve = { email: "eve@example.com" }
  expect(pairOf(ann, { ...eve, email_verified: true })).toEqual(["ann@example.com", false])
  expect(pairOf({ email_verified: true }, ann)).toEqual(["ann@example.com", false])
  expect(pairOf(ann, { email_verified: true })).toEqual(["ann@example.com", false])
  expect(pairOf({ ...ann, email_verified: false }, { ...ann, email_verified: true })).toEqual([
    "ann@example.com",
    false,
  ])
  expect(pairOf({ ...ann, email_verified: true }, eve)).toEqual(["ann@example.com", true])
  expect(pairOf({}, { ...ann, email_verified: true })).toEqual(["ann@example.com", true])
  // Some say in the ID token who it is, and only at userinfo that the same address is verified.
  expect(pairOf(ann, { ...ann, email_verified: true })).toEqual(["ann@example.com", true])
})

test("what is signed wins over what is only told", () => {
  const more = { name: "Eve", groups: ["ops"] }
  expect(claimsOf(claims, more)).toMatchObject({ name: "Ann", groups: ["ops"], sub: "1" })
})

test("roles come from groups: the first match counts, without one the default", () => {
  const mapping = { claim: "groups", roles: { admin: ["ops"], research: ["lab", "phd"] }, default: "readonly" }
  const roleWith = (groups: unknown) => personOf({ ...claims, groups }, file("", mapping)).role
  expect(roleWith(["lab", "ops"])).toBe("admin")
  expect(roleWith(["phd"])).toBe("research")
  expect(roleWith("lab")).toBe("research")
  for (const none of [[], "OPS", ["ops "], [["ops"]], { ops: true }]) expect(roleWith(none)).toBe("readonly")
})

test.each([["example.com,example.org"], [["example.com", "example.org"]], ["example.com, example.org"]])(
  "several domains as %j let the addresses of each in",
  (domain) => {
    for (const email of ["a@example.com", "b@Example.org"]) {
      expect(personOf({ ...claims, email }, file(domain)).email).toBe(email)
    }
    for (const email of ["a@example.net", "a@sub.example.com", "a@example.com,example.org"]) {
      expect(() => personOf({ ...claims, email }, file(domain)), email).toThrow()
    }
  },
)

test("an address can come in another claim, never counts as verified there, and what came is told to the operator", () => {
  const entra = { iss: "https://idp", sub: "1", preferred_username: "ada@example.com", email_verified: true }
  const settings = file("", {}, "preferred_username")
  expect(personOf(entra, settings)).toMatchObject({ email: "ada@example.com", emailVerified: false })
  expect(personOf({ ...entra, user: { mail: "a@b" } }, file("", {}, "user.mail")).email).toBe("a@b")
  for (const name of ["ada", "ada@", "a b@example.com"]) {
    expect(() => personOf({ ...entra, preferred_username: name }, settings), name).toThrow("no e-mail address")
  }
  expect(() => personOf(entra, file())).toThrow(
    expect.objectContaining({ detail: expect.stringMatching(/oidc\.emailClaim.+preferred_username/) }),
  )
})
