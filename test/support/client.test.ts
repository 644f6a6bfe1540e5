import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { afterEach, expect, test } from "vitest"
import { signIn } from "./client.ts"

let server = createServer()
afterEach(() => server.close())

/** Signs in at a server that then cuts the connections of as many requests as `cuts` says. */
async function clientOf(cuts: number) {
  const seen: string[] = []
  let left = cuts
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    seen.push(`${request.method} ${request.url}`)
    if (request.url === "/api/auth/password") return response.setHeader("set-cookie", "a=b").end("{}")
    if (left-- > 0) return request.socket.resetAndDestroy()
    response.end('{"items":[]}')
  }
  server = createServer(answer)
  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve))
  await listen(0)
  const { port } = server.address() as AddressInfo
  const client = await signIn({ url: `http://127.0.0.1:${port}` }, "a@example.com", "any")
  seen.length = 0
  const close = () => new Promise((resolve) => server.close(resolve))
  const reopen = async () => {
    server = createServer(answer)
    await listen(port)
  }
  return { client, seen, close, reopen }
}

test("a connection that nobody takes is made again, whatever is asked", async () => {
  const { client, close, reopen, seen } = await clientOf(0)
  await close()
  const answer = client.send("POST", "/api/sessions", {})
  await reopen()
  expect(await answer).toEqual({ items: [] })
  expect(seen).toEqual(["POST /api/sessions"])
})

test("a request whose connection is cut is repeated when that does no harm", async () => {
  const { client, seen } = await clientOf(2)
  expect(await client.list()).toEqual([])
  expect(seen).toHaveLength(3)
})

test("a request that could be carried out twice is not repeated", async () => {
  const { client, seen } = await clientOf(1)
  await expect(client.send("POST", "/api/sessions", {})).rejects.toThrow("ECONNRESET")
  expect(seen).toHaveLength(1)
})
