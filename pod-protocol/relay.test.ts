import http, { createServer, type RequestListener, type Server } from "node:http"
import { type AddressInfo, connect, type Server as NetServer } from "node:net"
import { afterAll, afterEach, describe, expect, it } from "vitest"
import { requestHeaders, responseHeaders } from "./headers.ts"
import { relay } from "./relay.ts"

const servers: Server[] = []
const agent = new http.Agent({ keepAlive: true })
afterAll(() => {
  agent.destroy()
  for (const server of servers) server.close().closeAllConnections()
})

async function listen(handler: RequestListener): Promise<URL> {
  const server = createServer(handler)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return new URL(`http://127.0.0.1:${((server as NetServer).address() as AddressInfo).port}`)
}

const hop = (next: URL) =>
  listen((request, response) => {
    const target = { url: new URL(request.url ?? "/", next), headers: requestHeaders(request.headers), agent }
    const answer = (from: http.IncomingMessage) => ({
      status: from.statusCode ?? 502,
      headers: responseHeaders(from.headers),
    })
    void relay(request, response, target, { connect_ms: 60_000, idle_ms: 60_000, answer })
  })

const seen: string[] = []
afterEach(() => void seen.splice(0))
const upstream = await listen(async (request, response) => {
  let body = ""
  for await (const chunk of request) body += chunk
  seen.push(`${request.method} ${request.url} ${body}`)
  response.end(`answer to ${request.url}`)
})
// As sidecar and broker stand one behind the other.
const front = await hop(await hop(upstream))

/** Sends a request byte by byte and reads until its end the answer of a server that closes afterwards. */
function send(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = ""
    const socket = connect(Number(front.port), "127.0.0.1", () => socket.write(text))
    socket.on("data", (chunk) => {
      answer += chunk
    })
    socket.once("error", reject)
    socket.once("close", () => resolve(answer))
  })
}

const hidden = "POST /hidden HTTP/1.1\r\nContent-Length: 0\r\nX-A: "

describe("a body stays the body of its request on the connections behind", () => {
  it.each([
    ["a length that ends with the connection", "Connection: content-length, close", `Content-Length: ${hidden.length}`],
    ["a length", "Connection: close", `Content-Length: ${hidden.length}`],
  ])("%s", async (_, connection, length) => {
    for (const method of ["GET", "DELETE", "OPTIONS", "POST", "PUT"]) {
      const answer = await send(`${method} /own HTTP/1.1\r\nHost: a\r\n${connection}\r\n${length}\r\n\r\n${hidden}`)
      expect(answer).toContain("answer to /own")
      // It would be read here, on the connection that was left open.
      expect(await send("GET /next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")).toContain("answer to /next")
      expect(seen.splice(0)).toEqual([`${method} /own ${hidden}`, "GET /next "])
    }
  })

  it("sent in pieces", async () => {
    for (const method of ["GET", "HEAD", "DELETE", "POST"]) {
      const pieces = `${hidden.length.toString(16)}\r\n${hidden}\r\n0\r\n\r\n`
      await send(
        `${method} /own HTTP/1.1\r\nHost: a\r\nConnection: transfer-encoding, close\r\nTransfer-Encoding: chunked\r\n\r\n${pieces}`,
      )
      await send("GET /next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
      expect(seen.splice(0)).toEqual([`${method} /own ${hidden}`, "GET /next "])
    }
  })

  it("sent by HEAD, whose answer has none", async () => {
    await send(
      `HEAD /own HTTP/1.1\r\nHost: a\r\nConnection: content-length, close\r\nContent-Length: ${hidden.length}\r\n\r\n${hidden}`,
    )
    await send("GET /next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    expect(seen).toEqual([`HEAD /own ${hidden}`, "GET /next "])
  })
})

describe("headers", () => {
  it("that Connection names end with the connection, but never the body's length", () => {
    const headers = { connection: "close, X-Hop, Content-Length", "x-hop": "1", "content-length": "3", accept: "*/*" }
    expect(requestHeaders(headers)).toEqual({ "content-length": "3", accept: "*/*" })
    expect(responseHeaders(headers)).toEqual({ "content-length": "3", accept: "*/*" })
  })
})
