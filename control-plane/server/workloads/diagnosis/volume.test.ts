import { expect, test } from "vitest"
import { volumeReason } from "./volume.ts"

const MIB = 1024 ** 2
const GIB = 1024 ** 3
const codeAt = (totalBytes: number, freeBytes: number, reserve = true) =>
  volumeReason({ podUid: "pod", body: { source: "workspace-init", volume: { totalBytes, freeBytes, reserve } } }, "pod")
    ?.code

test.each([
  [2 * GIB, 2 * GIB, true, undefined],
  [2 * GIB, 0.21 * 2 * GIB, true, undefined],
  [2 * GIB, 0.2 * 2 * GIB, true, "disk_low"],
  [2 * GIB, 0.051 * 2 * GIB, true, "disk_low"],
  [2 * GIB, 0.05 * 2 * GIB, true, "disk_almost_full"],
  [2 * GIB, 8 * MIB, true, "disk_almost_full"],
  [2 * GIB, 8 * MIB - 1, true, "disk_full"],
  [2 * GIB, 0, true, "disk_full"],
  // The reserve was given back: there is room for a start and for nothing else.
  [272 * MIB, 13 * MIB, false, "disk_full"],
  [272 * MIB, 200 * MIB, false, undefined],
  // A part of a large volume is much.
  [500 * GIB, 75 * GIB, true, undefined],
  [500 * GIB, 9 * GIB, true, "disk_low"],
])("%d bytes with %d free and the reserve %s: %s", (totalBytes, freeBytes, reserve, code) => {
  expect(codeAt(totalBytes, Math.floor(freeBytes), reserve)).toBe(code)
})

test("the numbers are told, and what to do", () => {
  const volume = { totalBytes: 272 * MIB, freeBytes: 0, reserve: true }
  const report = { podUid: "pod", body: { source: "workspace-init", volume } } as const
  expect(volumeReason(report, "pod")).toEqual({
    code: "disk_full",
    message: "The session's volume is full: 272 MiB of 272 MiB used, 0 bytes free.",
    hint: expect.stringContaining("delete what is not needed"),
  })
  // Another pod's report says nothing about this one.
  expect(volumeReason(report, "another")).toBeNull()
  expect(volumeReason(null, null)).toBeNull()
})
