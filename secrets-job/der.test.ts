import { expect, test } from "vitest"
import { bitString, integer, objectIdentifier, sequence, time, tlv } from "./der.ts"

test("lengths take their shortest form on both sides of every limit", () => {
  const head = (bytes: number) => tlv(0x04, Buffer.alloc(bytes)).subarray(0, 4).toString("hex")
  expect(head(127)).toBe("047f0000")
  expect(head(128)).toBe("04818000")
  expect(head(255)).toBe("0481ff00")
  expect(head(256)).toBe("04820100")
  expect(head(65_535)).toBe("0482ffff")
})

test("integers are positive and have no needless zero in front", () => {
  expect(integer(Buffer.from([0])).toString("hex")).toBe("020100")
  expect(integer(Buffer.from([0x7f])).toString("hex")).toBe("02017f")
  expect(integer(Buffer.from([0x80])).toString("hex")).toBe("02020080")
  expect(integer(Buffer.from([0, 0, 1])).toString("hex")).toBe("020101")
})

test("object identifiers are as X.690 writes them", () => {
  expect(objectIdentifier("1.2.840.10045.4.3.2").toString("hex")).toBe("06082a8648ce3d040302")
  expect(objectIdentifier("2.5.29.17").toString("hex")).toBe("0603551d11")
})

test("times change their form in 2050", () => {
  expect(time(new Date("2049-12-31T23:59:59Z")).toString("latin1")).toBe("\x17\x0d491231235959Z")
  expect(time(new Date("2050-01-01T00:00:00Z")).toString("latin1")).toBe("\x18\x0f20500101000000Z")
})

test("bit strings and sequences carry their content", () => {
  expect(sequence(bitString(Buffer.from([0x80]), 7)).toString("hex")).toBe("300403020780")
})
