import { expect, test } from "vitest"
import { parseDevOptions, UsageError } from "./options.ts"

test("without options, UI and server run on their usual ports, without a debugger", () => {
  expect(parseDevOptions([])).toEqual({ scripted: false, port: 5173, inspect: null })
})

test("the UI alone, another port and the debugger can be asked for", () => {
  expect(parseDevOptions(["--scripted", "--port", "6000", "--inspect"])).toEqual({
    scripted: true,
    port: 6000,
    inspect: 9229,
  })
})

test("help is not a run", () => {
  expect(parseDevOptions(["--help"])).toBeNull()
})

test.each([
  [["--prot", "1"], "--prot"],
  [["--port", "70000"], '"70000" is not a port'],
  [["--port", "no"], '"no" is not a port'],
])("%j is refused, naming the option", (args, words) => {
  expect(() => parseDevOptions(args)).toThrow(UsageError)
  expect(() => parseDevOptions(args)).toThrow(words)
})
