import type { IncomingMessage } from "node:http"
import { expect, test } from "vitest"
import { createAddressOf } from "./address.ts"

const request = (peer: string, ...forwarded: string[]) =>
  ({ socket: { remoteAddress: peer }, headersDistinct: { "x-forwarded-for": forwarded } }) as unknown as IncomingMessage

test("without trusted proxies the peer is the client, whatever is claimed", () => {
  expect(createAddressOf([])(request("198.51.100.7", "203.0.113.9"))).toBe("198.51.100.7")
  expect(createAddressOf([])(request("::ffff:198.51.100.7"))).toBe("198.51.100.7")
})

test("the nearest hop that is not trusted is the client", () => {
  const addressOf = createAddressOf(["10.0.0.0/8", "fd00::1"])
  expect(addressOf(request("10.1.1.1", "203.0.113.9"))).toBe("203.0.113.9")
  expect(addressOf(request("10.1.1.1", "1.2.3.4, 203.0.113.9, 10.2.2.2"))).toBe("203.0.113.9")
  expect(addressOf(request("::ffff:10.1.1.1", "1.2.3.4", "203.0.113.9"))).toBe("203.0.113.9")
  expect(addressOf(request("fd00::1", "2001:db8::5"))).toBe("2001:db8::5")
  expect(addressOf(request("203.0.113.1", "1.2.3.4"))).toBe("203.0.113.1")
})

test("what is not an address ends the search", () => {
  const addressOf = createAddressOf(["10.0.0.0/8"])
  expect(addressOf(request("10.1.1.1", "unknown"))).toBe("10.1.1.1")
  expect(addressOf(request("10.1.1.1"))).toBe("10.1.1.1")
})
