import { readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"

/**
 * The relying-party cases of the OpenID Foundation's suite, each with the test that replays it, for every kind of client:
 * a confidential one by form and by Basic authentication, and a public one.
 */
const CASES = {
  basic: {
    "happy path": "signs a person in, with PKCE, and leads back to where he was",
    client_secret_basic: 'basic: await start("basic")',
    "ID token without signature": "an ID token without signature",
    "ID token with RS256": "signs a person in, with PKCE, and leads back to where he was",
    "wrong audience": "an ID token for another client",
    "wrong RS256 signature": "an ID token signed by somebody else",
    "wrong issuer": "an ID token of another issuer",
    "userinfo of another subject": "user information about somebody else",
    "no key id, one key": "accepts an ID token without key id while there is one key",
    "no key id, several keys": "an ID token without key id while there are several keys",
    "no time of issue": "an ID token without time of issue",
    "no subject": "an ID token without subject",
    "wrong nonce": "an ID token with another nonce",
    "claims by scope from userinfo": "signs a person in, with PKCE, and leads back to where he was",
    "userinfo with the token in the header": "signs a person in, with PKCE, and leads back to where he was",
    // The other way to show it, in the body, is not taken: RFC 9700 advises against it.
    "userinfo with the token in the body": "signs a person in, with PKCE, and leads back to where he was",
  },
  config: {
    "metadata of another issuer": "that lies about its name is not used",
    "keys from jwks_uri": "keys that are not there",
    "metadata from discovery": "that is down gives words for people, and works again when it is back",
    "ID token without signature": "an ID token without signature",
    "keys changed": "goes on when the provider changes its keys, a moment ago or while somebody signs in",
    "keys changed just before signing":
      "goes on when the provider changes its keys, a moment ago or while somebody signs in",
  },
  refresh: {
    refreshed: "asks the provider when its time has come, once for all requests at that moment",
    "by another issuer": "another issuer",
    "for another subject": "another subject",
  },
} as const

const read = (name: string) => readFileSync(join(import.meta.dirname, name), "utf8")
const texts = [
  read("oidc.integration.test.ts"),
  read("logins.integration.test.ts"),
  read("../../../../test/support/oidc/world.ts"),
].join("\n")

test("16 basic, 6 configuration and 3 refresh cases are replayed", () => {
  expect(Object.values(CASES).map((cases) => Object.keys(cases).length)).toEqual([16, 6, 3])
  for (const [name, title] of Object.values(CASES).flatMap((cases) => Object.entries(cases))) {
    expect(texts, name).toContain(title)
  }
  for (const each of ['describe.each(kinds)("a %s client"', 'describe.each(kinds)("a login over the provider']) {
    expect(texts).toContain(each)
  }
})
