import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { KNOWN_PACKAGES, kindOf } from "./kinds.ts"
import { isCredentialName } from "./leaks.ts"

interface Sdk {
  /** The one that the pinned OpenCode has inside. */
  readonly version: string
  /** Of the interface `…ProviderSettings` in its type definitions, without functions, which JSON cannot hold. */
  readonly options: readonly string[]
  /** Functions among them: in JSON something stands there that the SDK cannot use. */
  readonly functions: readonly string[]
}

const sdk = (version: string, options: string, functions = "fetch"): Sdk => ({
  version,
  options: options.split(" "),
  functions: functions.split(" "),
})
const PLAIN = "baseURL apiKey headers"
const VERTEX = "4.0.181"

/** Options that each SDK's type definitions have, in the version that is bundled with OpenCode. */
const SDKS: Readonly<Record<string, Sdk>> = {
  "@ai-sdk/openai-compatible": sdk(
    "2.0.41",
    `${PLAIN} name queryParams includeUsage supportsStructuredOutputs`,
    "fetch transformRequestBody metadataExtractor",
  ),
  "@ai-sdk/openai": sdk("3.0.88", `${PLAIN} organization project name`),
  "@ai-sdk/anthropic": sdk("3.0.111", `${PLAIN} authToken name`, "fetch generateId"),
  "@ai-sdk/google": sdk("3.0.73", `${PLAIN} name`, "fetch generateId"),
  "@ai-sdk/amazon-bedrock": sdk(
    "4.0.166",
    `${PLAIN} region accessKeyId secretAccessKey sessionToken`,
    "fetch generateId credentialProvider",
  ),
  "@ai-sdk/azure": sdk("3.0.93", `${PLAIN} resourceName apiVersion useDeploymentBasedUrls`, "fetch tokenProvider"),
  "@ai-sdk/google-vertex": sdk(VERTEX, `${PLAIN} location project googleAuthOptions`, "fetch generateId"),
  "@ai-sdk/google-vertex/anthropic": sdk(
    VERTEX,
    "baseURL headers location project googleAuthOptions",
    "fetch generateAuthToken",
  ),
  "@ai-sdk/cerebras": sdk("2.0.60", PLAIN),
  "@ai-sdk/cohere": sdk("3.0.27", PLAIN, "fetch generateId"),
  "@ai-sdk/groq": sdk("3.0.31", PLAIN),
  "@ai-sdk/mistral": sdk("3.0.51", PLAIN, "fetch generateId"),
  "@ai-sdk/perplexity": sdk("3.0.26", PLAIN),
  "@ai-sdk/togetherai": sdk("2.0.68", PLAIN),
  "@ai-sdk/xai": sdk("3.0.102", PLAIN),
  "@openrouter/ai-sdk-provider": sdk("2.9.0", `${PLAIN} compatibility extraBody api_keys appName appUrl`),
}

const binary = readFileSync(join(import.meta.dirname, "../../../../node_modules/opencode-linux-x64/bin/opencode"))

describe.each(Object.entries(SDKS))("%s", (npm, { version, options, functions }) => {
  const kind = kindOf(npm)
  if (kind === undefined) throw new Error(`${npm} is no kind of provider`)
  const places = [kind.hidden, kind.sealed, Object.keys(kind.shown), kind.secret]

  it("is bundled with OpenCode in the version whose options these are", () => {
    expect(binary.includes(`"${version}"`)).toBe(true)
  })

  it.each(options)("has a place for the option %s, which is not shown to agents when it holds a credential", (name) => {
    expect(places.filter((place) => place.includes(name))).toHaveLength(1)
    const holdsCredential = isCredentialName(name) || name === "headers" || name === "googleAuthOptions"
    if (holdsCredential) expect([...kind.sealed, ...kind.secret]).toContain(name)
  })

  it("shows agents no option that is a function in the SDK", () => {
    expect(functions.filter((name) => Object.hasOwn(kind.shown, name))).toEqual([])
  })
})

it("every kind of provider is here", () => {
  expect(Object.keys(SDKS).sort()).toEqual([...KNOWN_PACKAGES].sort())
})
