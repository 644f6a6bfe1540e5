import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { Failure } from "./failure.ts"
import { createSteps, StepFailed } from "./steps.ts"

describe("a named step", () => {
  const folder = mkdtempSync(join(tmpdir(), "steps-"))
  afterAll(() => rmSync(folder, { recursive: true }))
  const capture = () => {
    const printed: string[] = []
    return { printed, ...createSteps(folder, (text) => printed.push(text)) }
  }

  it("tells its name, what it says and how long it took, and answers its result", async () => {
    const { step, printed } = capture()
    expect(await step("Do it", async ({ say }) => (say("so far"), 7))).toBe(7)
    expect(printed.join("")).toMatch(/^▸ Do it\n {4}so far\n {2}done in \d+\.\d s\n$/)
  })

  it("that fails shows the program's last lines and what to do", async () => {
    const { step, printed } = capture()
    const failing = step("Do it", ({ run }) => run("sh", ["-c", "echo detail >&2; exit 3"], { hint: "try again" }))
    await expect(failing).rejects.toThrow(StepFailed)
    expect(printed.join("")).toMatch(/✗ Do it: sh .* ended with status 3\n\n {4}detail\n\n {2}What to do: try again\n/)
    expect(readFileSync(join(folder, "do-it.log"), "utf8")).toContain("detail")
  })

  it("says which program is missing, and always what to do", async () => {
    const { step, printed } = capture()
    await expect(step("Do it", ({ run }) => run("no-such-program", []))).rejects.toThrow(StepFailed)
    expect(printed.join("")).toMatch(/no-such-program is not installed\n {2}What to do: .*run the command again/)
  })

  it("keeps quiet output out of the log", async () => {
    const { step } = capture()
    await step("Quiet", async ({ run, log }) => {
      log("begin\n")
      await run("echo", ["the secret"], { quiet: true })
    })
    expect(readFileSync(join(folder, "quiet.log"), "utf8")).toBe("begin\n")
  })

  it("shows a failure of its own with its hint", async () => {
    const { step, printed } = capture()
    await expect(step("Do it", () => Promise.reject(new Failure("no", { hint: "do this" })))).rejects.toThrow()
    expect(printed.join("")).toMatch(/✗ Do it: no\n {2}What to do: do this/)
  })
})
