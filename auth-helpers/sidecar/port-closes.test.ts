import { once } from "node:events"
import { type AddressInfo, createServer } from "node:net"
import { expect, test } from "vitest"
import { portCloses } from "./port-closes.ts"

test("a port is waited for until its owner has gone", async () => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  let closed = false
  const waited = portCloses(port, 60_000).then(() => expect(closed).toBe(true))
  // It has been seen open once.
  await once(server, "connection")
  closed = true
  server.close()
  await waited
})

test("a port that stays open is waited for no longer than the limit", async () => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  await portCloses((server.address() as AddressInfo).port, 1)
  expect(server.listening).toBe(true)
  server.close()
})
