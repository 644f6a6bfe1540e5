import { expect, it } from "vitest"
import { lastError } from "./last-error.ts"

/** As OpenCode 1.18.33 prints it, with what it logs around it. */
const LOG = [
  "timestamp=2026-03-01T08:55:23.230Z level=INFO message=loading path=/home/agent/.config/opencode/opencode.json",
  "\u001b[91m\u001b[1mError: \u001b[0mConfiguration is invalid at /home/agent/.config/opencode/opencode.json",
  "↳ Missing key provider.v.models.m.limit.output",
  '↳ Expected object | undefined, got ["m"] provider.w.models',
  "",
].join("\n")

it("is read with its details out of the end of a log, without the lines around it", () => {
  expect(lastError(LOG)).toBe(
    "Configuration is invalid at /home/agent/.config/opencode/opencode.json; Missing key " +
      'provider.v.models.m.limit.output; Expected object | undefined, got ["m"] provider.w.models',
  )
})

it("is the last one, of a limited length, without control characters", () => {
  expect(lastError(`Error: first\n${LOG}Error: second\u0000\u0007x\nlevel=INFO message=secret\n`)).toBe("second  x")
  expect(lastError(`Error: ${"x".repeat(5_000)}`)).toHaveLength(600)
})

it.each(["", "level=ERROR message=x", "a word of Error: in a line", "Error:"])("is none in %j", (log) => {
  expect(lastError(log)).toBeNull()
})
