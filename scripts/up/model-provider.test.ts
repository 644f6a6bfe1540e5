import { describe, expect, it } from "vitest"
import { splitKeys } from "./model-provider.ts"

describe("a provider from --provider-json", () => {
  const options = { baseURL: "https://llm.example.com/v1" }

  it("goes to the chart without its key", () => {
    const { providers, keys } = splitKeys({ acme: { npm: "x", options: { ...options, apiKey: "secret" } } }, {})
    expect(keys).toEqual({ acme: "secret" })
    expect(providers).toEqual({ acme: { npm: "x", options } })
  })

  it("may be part of an OpenCode configuration, with its key in the environment", () => {
    const configuration = { $schema: "s", provider: { acme: { options: { apiKey: "{env:ACME_KEY}" } } } }
    expect(splitKeys(configuration, { ACME_KEY: "secret" }).keys).toEqual({ acme: "secret" })
    expect(() => splitKeys(configuration, {})).toThrow(/ACME_KEY is not set/)
  })

  it("may need no key", () => expect(splitKeys({ acme: { options } }, {}).keys).toEqual({}))

  it.each([[[]], ["text"], [{}], [{ acme: "text" }]])("%j is refused", (value) => {
    expect(() => splitKeys(value, {})).toThrow(/--provider-json/)
  })
})
