import { createServer, get } from "node:http"
import type { AddressInfo } from "node:net"
import { afterAll, expect, it } from "vitest"
import { createConnections } from "./connections.ts"

const server = createServer((request, response) => response.end(String(request.socket.remotePort)))
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
const connections = createConnections()
afterAll(() => {
  connections.close()
  server.close()
})

/** The port that a session's request came from: one for each connection. */
async function portOf(sessionId: string): Promise<string> {
  const { port } = server.address() as AddressInfo
  const agent = connections.of(sessionId, "http:")
  return await new Promise((resolve, reject) => {
    const request = get({ port, host: "127.0.0.1", agent }, (response) => {
      let text = ""
      response.on("data", (chunk) => {
        text += chunk
      })
      // An agent takes the connection back after this.
      response.once("close", () => setImmediate(() => resolve(text)))
    })
    request.once("error", reject)
  })
}

it("a connection that is kept open is used again by its own session only", async () => {
  const first = await portOf("one")
  expect(await portOf("two")).not.toBe(first)
  expect(await portOf("one")).toBe(first)
})

it("a session without connections is forgotten when another one begins", () => {
  const unused = connections.of("three", "https:")
  expect(connections.of("three", "https:")).toBe(unused)
  connections.of("four", "https:")
  expect(connections.of("three", "https:")).not.toBe(unused)
})
