import { expect, test } from "vitest"
import { growth, LINEAR_RATIO_MAX } from "../../../../test/support/growth.ts"
import { explainError } from "./errors.ts"
import { LIMITS } from "./limits.ts"

const apiError = (statusCode: number | undefined, message: string) => ({
  name: "APIError",
  data: { message, statusCode },
})

test.each([
  [apiError(401, "bad key"), "provider_refused", "The model provider refused the key (401: bad key)."],
  [apiError(429, "slow down"), "rate_limited", "The model provider limits the rate of requests (429: slow down)."],
  [
    apiError(404, "no such model"),
    "unknown_model",
    "The model provider does not know this model (404: no such model).",
  ],
  [apiError(503, ""), "provider_unavailable", "The model provider failed (503)."],
  [apiError(undefined, "ECONNREFUSED"), "provider_unreachable", "The model provider cannot be reached (ECONNREFUSED)."],
  [{ name: "MessageAbortedError", data: { message: "Aborted" } }, "aborted", "Stopped."],
  [
    { name: "UnknownError", data: { message: "ProviderModelNotFoundError: Model not found: a/b.\n    at f (x.js:1)" } },
    "unknown_model",
    "The configured model does not exist: ProviderModelNotFoundError: Model not found: a/b.",
  ],
  [null, "agent_failed", "The agent failed without saying why."],
  [{ name: "constructor", data: "x" }, "agent_failed", "The agent failed without saying why."],
])("%j is explained as %s", (error, code, message) => {
  expect(explainError(error)).toEqual({ code, message })
})

test.each(["Failed to execute statement", "database or disk is full", "ENOSPC: no space left on device, write"])(
  "%s names the volume",
  (words) => {
    expect(explainError({ name: "UnknownError", data: { message: words } })).toEqual({
      code: "disk_full",
      message: `The agent could not write to the session's volume, which is probably full (${words}).`,
    })
  },
)

test("a key that a provider quotes is not repeated", () => {
  const { message } = explainError(
    apiError(401, "Incorrect API key provided: Bearer abc.def and sk-proj-0123456789abcdef"),
  )
  expect(message).not.toMatch(/abc\.def|0123456789/)
})

test("an error of nothing but line ends is read in one pass", () => {
  const message = "\n".repeat(LIMITS.message_chars_max)
  const read = (count: number) => () => {
    for (let index = 0; index < count; index++) explainError({ name: "UnknownError", data: { message } })
  }
  const lines = (size: number) => () => {
    for (let index = 0; index < 50; index++) explainError({ data: { message: "\n".repeat(size) } })
  }
  expect(growth(lines, LIMITS.message_chars_max / 4).ratio).toBeLessThan(LINEAR_RATIO_MAX)
  // 5,000 of them were 20 s of work.
  expect(growth(read, 500).cpu_ms).toBeLessThan(1_000)
})
