import { spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { withLock } from "./lock.ts"

describe("a lock file", () => {
  const folder = mkdtempSync(join(tmpdir(), "lock-"))
  afterAll(() => rmSync(folder, { recursive: true }))

  it("lets one at a time in, and is gone afterwards", async () => {
    const path = join(folder, "a")
    let inside = 0
    const seen: number[] = []
    const work = async () => {
      seen.push(++inside)
      await new Promise((resolve) => setImmediate(resolve))
      inside--
    }
    await Promise.all([withLock(path, work), withLock(path, work), withLock(path, work)])
    expect(seen).toEqual([1, 1, 1])
    expect(existsSync(path)).toBe(false)
  })

  it("is taken over from a process that is gone", async () => {
    const path = join(folder, "b")
    const { pid } = spawnSync("true")
    writeFileSync(path, String(pid))
    expect(await withLock(path, async () => "in")).toBe("in")
  })

  it("is released when the work fails", async () => {
    const path = join(folder, "c")
    await expect(withLock(path, () => Promise.reject(new Error("no")))).rejects.toThrow("no")
    expect(existsSync(path)).toBe(false)
  })
})
