import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { isAlive, readRecord, startProcess, stopProcess } from "./processes.ts"

describe("a recorded process", () => {
  const folder = mkdtempSync(join(tmpdir(), "process-"))
  const recordFile = join(folder, "record.json")
  afterAll(() => rmSync(folder, { recursive: true }))
  const start = () => {
    const options = { command: "sleep", args: ["60"], logFile: join(folder, "log"), recordFile, fingerprint: "f" }
    return startProcess(options)
  }

  it("is alive until it is stopped", async () => {
    const record = start()
    expect(isAlive(readRecord(recordFile))).toBe(true)
    await stopProcess(recordFile)
    expect(isAlive(record)).toBe(false)
    expect(existsSync(recordFile)).toBe(false)
  })

  it("is not mistaken for another one that got its pid, after a reboot or without", async () => {
    const record = start()
    for (const other of [{ startTicks: "1" }, { bootId: "another-boot" }]) {
      writeFileSync(recordFile, JSON.stringify({ ...record, ...other }))
      await stopProcess(recordFile)
      expect(isAlive(record)).toBe(true)
    }
    writeFileSync(recordFile, JSON.stringify(record))
    await stopProcess(recordFile)
    expect(isAlive(record)).toBe(false)
  })

  it("that cannot be started counts as not alive", () => {
    const record = startProcess({
      command: join(folder, "missing"),
      args: [],
      logFile: join(folder, "log"),
      recordFile,
      fingerprint: "",
    })
    expect(isAlive(record)).toBe(false)
    expect(readFileSync(recordFile, "utf8")).toContain('"pid":0')
  })

  it("is none when the file is not a record", () => {
    writeFileSync(recordFile, "123")
    expect(readRecord(recordFile)).toBeUndefined()
  })
})
