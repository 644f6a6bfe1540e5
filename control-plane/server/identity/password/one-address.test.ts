import { expect, test } from "vitest"
import type { Logger } from "../../observability/index.ts"
import { createOneAddressWarning } from "./one-address.ts"

function warningsOf(trustedProxies: string[], addresses: string[]): unknown[] {
  const warnings: unknown[] = []
  const log = { warn: (...line: unknown[]) => void warnings.push(line) } as unknown as Logger
  const note = createOneAddressWarning(trustedProxies, log)
  for (const address of addresses) note(address)
  return warnings
}

test.each(["10.0.0.7", "192.168.1.1", "172.20.0.3", "100.64.9.9", "fd00::1"])(
  "attempts from %s alone are told once, with the key to set",
  (address) => {
    const warnings = warningsOf([], Array(40).fill(address))
    expect(warnings).toEqual([[{ address, attempts: 5 }, expect.stringContaining("controlPlane.trustedProxies")]])
  },
)

test.each([
  ["a proxy is trusted", ["10.0.0.0/8"], Array(40).fill("10.0.0.7")],
  ["the address is public", [], Array(40).fill("203.0.113.9")],
  ["it is a port-forward", [], Array(40).fill("127.0.0.1")],
  ["there are several addresses", [], ["10.0.0.7", "10.0.0.8", ...Array(40).fill("10.0.0.7")]],
  ["there were a few attempts", [], Array(4).fill("10.0.0.7")],
])("nothing is told when %s", (_, trustedProxies, addresses) => {
  expect(warningsOf(trustedProxies, addresses)).toEqual([])
})
