import { expect, test } from "vitest"
import { bytesOfQuantity } from "./enlarge.ts"

test.each([
  ["2Gi", 2 * 1024 ** 3],
  ["500Mi", 500 * 1024 ** 2],
  ["1.5G", 1_500_000_000],
  ["4294967296", 4_294_967_296],
  ["1Ti", 1024 ** 4],
  ["", null],
  ["2 Gi", null],
  ["-1Gi", null],
  ["2GiB", null],
])("%j is %s bytes", (quantity, bytes) => {
  expect(bytesOfQuantity(quantity)).toBe(bytes)
})
