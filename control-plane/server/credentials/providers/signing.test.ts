import { describe, expect, it } from "vitest"
import { type ReceivedRequest, verifySignature } from "../../../../test/support/providers/aws-verifier.ts"
import { Secret } from "../../crypto/index.ts"
import { credentialFault, readCredentials } from "./aws-credentials.ts"
import { type ProviderJson, readProvider } from "./definition.ts"
import { isSigned, withCredential } from "./injection.ts"
import { signableUrl, signatureHeaders } from "./signing.ts"

// The key, the time and the host of AWS's published test suite for Signature Version 4.
const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" }
const now = new Date("2015-08-30T12:36:00Z")
const secretOf = (id: string) => (id === credentials.accessKeyId ? credentials.secretAccessKey : undefined)
const suite = (method: string, signature: string, path = "/"): ReceivedRequest => ({
  method,
  url: path,
  headers: {
    host: "example.amazonaws.com",
    "x-amz-date": "20150830T123600Z",
    authorization:
      "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, " +
      `SignedHeaders=host;x-amz-date, Signature=${signature}`,
  },
  body: Buffer.alloc(0),
})

function accessTo(json: ProviderJson, key: string | null) {
  const result = readProvider("amazon-bedrock", json)
  if ("faults" in result) throw new Error(result.faults.join("\n"))
  return { definition: result.provider, key: key === null ? null : new Secret(key) }
}

describe("the verifier of these tests", () => {
  it.each([
    ["get-vanilla", suite("GET", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31")],
    ["post-vanilla", suite("POST", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b")],
    [
      "get-vanilla-query-order-key-case",
      suite("GET", "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500", "/?Param2=value2&Param1=value1"),
    ],
  ])("takes AWS's own %s and no other method", (_, request) => {
    expect(verifySignature(request, secretOf)).toMatchObject({ ok: true, region: "us-east-1", service: "service" })
    expect(verifySignature({ ...request, method: "PUT" }, secretOf)).toMatchObject({ ok: false })
  })
})

describe("a signed request", () => {
  const model = "/model/eu.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse-stream"
  it.each([
    model,
    "/model/arn:aws:bedrock:eu-central-1:123456789012:inference-profile%2Feu.amazon.nova-pro-v1%3A0/converse",
    "/model/a!b'c(d)e*f~g/invoke",
    "/model/%E2%82%AC/invoke?q=a+b%20c&q=%2F&empty=&z=(1)",
    "/model/x/invoke?X-Amz-Signature=theirs&a=1",
  ])("to %s holds for a server that has only what is on the wire", async (path) => {
    const url = signableUrl(new URL(path, "https://bedrock-runtime.eu-central-1.amazonaws.com:8443"))
    const body = Buffer.from('{"messages":[]}')
    const request = { method: "POST", url, contentType: "application/json", body }
    const session = { ...credentials, sessionToken: "session-token" }
    const added = await signatureHeaders(request, {
      credentials: session,
      region: "eu-central-1",
      service: "bedrock",
      now,
    })
    const received = {
      method: "POST",
      url: url.pathname + url.search,
      headers: { host: url.host, "content-type": "application/json", "user-agent": "x", ...added },
      body,
    }
    expect(verifySignature(received, secretOf)).toMatchObject({
      ok: true,
      service: "bedrock",
      signed: ["content-type", "host", "x-amz-content-sha256", "x-amz-date", "x-amz-security-token"],
    })
    expect(verifySignature({ ...received, body: Buffer.from("{}") }, secretOf)).toMatchObject({ ok: false })
    expect(received.url).not.toContain("theirs")
  })

  it("is signed with what is given as JSON, else with the pod's identity, else carries a key of Bedrock's", async () => {
    const provider = { options: { region: "eu-central-1" } }
    const asked = { method: "POST", url: new URL(`https://h${model}`), headers: {}, body: Buffer.from("{}") }
    const own = { accessKeyId: "AKOWN", secretAccessKey: "own" }
    const injector = { identity: async () => own, now: () => now.getTime() }
    const authorization = async (key: string | null) => {
      const access = accessTo(provider, key)
      const { headers } = await withCredential(access, asked, injector)
      return [isSigned(access), String(headers["authorization"]).split("/")[0]]
    }
    expect(await authorization(JSON.stringify(credentials))).toEqual([true, "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE"])
    expect(await authorization(null)).toEqual([true, "AWS4-HMAC-SHA256 Credential=AKOWN"])
    expect(await authorization("bedrock-api-key-1")).toEqual([false, "Bearer bedrock-api-key-1"])
    await expect(authorization("{}")).rejects.toThrow('"amazon-bedrock" is no AWS credential')
  })
})

describe("an AWS credential", () => {
  const STS = { AccessKeyId: "A", SecretAccessKey: "S", SessionToken: "T", Expiration: "2026-01-01T00:00:00Z" }
  it.each([
    [
      { accessKeyId: "A", secretAccessKey: "S" },
      { accessKeyId: "A", secretAccessKey: "S" },
    ],
    [
      { Version: 1, ...STS },
      { accessKeyId: "A", secretAccessKey: "S", sessionToken: "T" },
    ],
    [{ Credentials: STS }, { accessKeyId: "A", secretAccessKey: "S", sessionToken: "T" }],
    [{ accessKeyId: "A" }, null],
    [[], null],
  ])("is read from %j", (json, expected) => {
    expect(readCredentials(JSON.stringify(json))).toEqual(expected)
  })

  it("that is none is refused when it is stored, and never shown", () => {
    const options = { region: "eu-central-1", apiKey: '{"secretAccessKey":"canary"}' }
    const result = readProvider("amazon-bedrock", { options }, "database")
    expect(JSON.stringify(result)).toContain("options.apiKey: neither")
    expect(JSON.stringify(result)).not.toContain("canary")
    expect(credentialFault("%%SECRET%%")).toBeNull()
  })
})
