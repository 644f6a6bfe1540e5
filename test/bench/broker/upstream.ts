import { createServer, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"

/**
 * A process of its own that stands in for a model provider and a git host. `POST /v1/stream` answers with tokens at an
 * even pace, each with the time at which it was sent; `POST …/git-upload-pack` with a pack's worth of bytes at an even
 * pace. The pace is in the query of the first and in the headers of the second, which a git client could not set.
 */
const tick_ms = 5
/** What one chunk of an OpenAI-like stream weighs. */
const padding = "x".repeat(160)
const block = Buffer.alloc(64 * 1024, 7)

const server = createServer((request, response) => {
  request.resume()
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://upstream")
  if (pathname.endsWith("/stream")) {
    const [count, every_ms] = ["count", "every_ms"].map((name) => Number(searchParams.get(name)))
    streamTokens(response, count ?? 0, every_ms ?? 0)
  } else if (pathname.endsWith("/git-upload-pack")) {
    const [bytes, perSecond] = ["user-agent", "accept"].map((name) =>
      Number(String(request.headers[name]).split("/")[1]),
    )
    streamBytes(response, bytes ?? 0, perSecond ?? 0)
  } else response.writeHead(404).end()
})

/** Every token at its own time, whatever the one before it took: a late timer does not shift the rest. */
function streamTokens(response: ServerResponse, count: number, every_ms: number): void {
  response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders()
  const begin = performance.now()
  let sent = 0
  const next = () => {
    const due = Math.min(count, Math.floor((performance.now() - begin) / every_ms) + 1)
    for (; sent < due; sent += 1) response.write(`data: ${sent} ${process.hrtime.bigint()} ${padding}\n\n`)
    if (sent === count) response.end("data: [DONE]\n\n")
    else setTimeout(next, Math.max(0, begin + sent * every_ms - performance.now()))
  }
  next()
}

function streamBytes(response: ServerResponse, bytes: number, perSecond: number): void {
  response.writeHead(200, { "content-type": "application/x-git-upload-pack-result" })
  const begin = performance.now()
  let sent = 0
  const more = () => {
    const due = Math.min(bytes, ((performance.now() - begin + tick_ms) * perSecond) / 1_000)
    let free = true
    while (free && sent < due) {
      const size = Math.min(block.length, bytes - sent)
      free = response.write(block.subarray(0, size))
      sent += size
    }
    if (sent === bytes) response.end()
    else if (free) setTimeout(more, tick_ms)
    else response.once("drain", more)
  }
  more()
}

server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port))
process.once("disconnect", () => process.exit(0))
