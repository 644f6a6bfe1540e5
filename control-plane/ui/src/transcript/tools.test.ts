import { describe, expect, test } from "vitest"
import { diffLines } from "./diff.ts"
import { plainOutput, toolInput, toolLine } from "./tools.ts"

const tool = (name: string, input: unknown, title?: string) =>
  ({ name, callId: "c", status: "completed", input, ...(title === undefined ? {} : { title }) }) as const

describe("a tool's line", () => {
  test("names the command, and says that there is more than one line", () => {
    expect(toolLine(tool("bash", { command: "make\nmake test" }))).toMatchObject({ verb: "Ran", object: "make …" })
  })
  test("says what is being done while it is", () => {
    expect(toolLine({ ...tool("bash", { command: "ls" }), status: "running" })).toMatchObject({ verb: "Running" })
  })
  test("shows paths as they are in the repository", () => {
    expect(toolLine(tool("edit", { filePath: "/workspace/repo/src/a.ts" }))).toMatchObject({ object: "src/a.ts" })
  })
  test("of a tool that is not known is its name and title", () => {
    expect(toolLine(tool("jira_search", null, "BERTH-1"))).toMatchObject({ verb: "jira_search", object: "BERTH-1" })
  })
})

describe("what went in and came out", () => {
  test("an edit is shown as a change, a command as a command, the rest as it is", () => {
    expect(toolInput(tool("edit", { oldString: "a", newString: "b" }))).toEqual({
      kind: "change",
      before: "a",
      after: "b",
    })
    expect(toolInput(tool("bash", { command: "ls" }))).toEqual({ kind: "command", text: "ls" })
    expect(toolInput(tool("other", { a: 1 }))).toEqual({ kind: "text", text: '{\n  "a": 1\n}' })
    expect(toolInput(tool("other", {}))).toEqual({ kind: "none" })
  })
  test("colour codes, titles and rewritten lines are taken out of output", () => {
    expect(plainOutput("\u001b[1;32mok\u001b[0m \u001b]0;title\u0007done\r\n10%\r50%\r100%\nend")).toBe(
      "ok done\n100%\nend",
    )
  })
})

test("one line of a megabyte is as quickly cleaned as many short ones", () => {
  const line = "x".repeat(1_000_000)
  const started = performance.now()
  expect(plainOutput(`${line}\ry\r`)).toBe("y\r")
  expect(plainOutput(line)).toBe(line)
  expect(performance.now() - started).toBeLessThan(1_000)
})

describe("a change of a text", () => {
  const shown = (before: string, after: string) =>
    diffLines(before, after).map(({ kind, text }) => `${{ same: " ", added: "+", removed: "-" }[kind]}${text}`)
  test("keeps the lines in common", () => {
    expect(shown("a\nb\nc\n", "a\nx\nc\nd\n")).toEqual([" a", "-b", "+x", " c", "+d"])
  })
  test("finds what moved between", () => {
    expect(shown("one\ntwo\nthree", "zero\ntwo\nthree\nfour")).toEqual(["-one", "+zero", " two", " three", "+four"])
  })
  test("of a new file is all added", () => {
    expect(shown("", "a\nb\n")).toEqual(["+a", "+b"])
  })
  test("of the same text is nothing", () => {
    expect(shown("a\nb", "a\nb")).toEqual([" a", " b"])
  })
})
