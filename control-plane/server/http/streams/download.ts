import { Readable } from "node:stream"
import type { Context } from "koa"
import type { Visit } from "../guards/load.ts"
import type { Call, Download, Route } from "../routes/route.ts"

/**
 * Answers a request with a file to be saved. Bytes only: no type that a browser would show or run, whatever is in it.
 * One that breaks off, or has another length than was announced, is cut: nobody takes it for the whole, and nothing of
 * it is taken for the connection's next answer.
 */
export function download(route: Route): (ctx: Context, call: Call, visit: Visit) => Promise<void> {
  return async (ctx, call, visit) => {
    const { name, bytes, content } = (await route.handler(call)) as Download
    // What waits for the object store is in memory as a whole.
    visit.hold(bytes, { refuse: true })
    ctx.status = 200
    ctx.set("cache-control", "no-store")
    ctx.set("x-content-type-options", "nosniff")
    // Names are ours: letters, digits, dots.
    ctx.set("content-disposition", `attachment; filename="${name.replace(/[^A-Za-z0-9._-]/g, "_")}"`)
    ctx.type = "application/octet-stream"
    ctx.body = Readable.from(exactly(bytes, content))
    ctx.length = bytes
  }
}

async function* exactly(bytes: number, content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let sent = 0
  for await (const chunk of content) {
    sent += chunk.length
    if (sent > bytes) throw new Error(`a file has more than the ${bytes} bytes that were announced`)
    yield chunk
  }
  if (sent < bytes) throw new Error(`a file has ${sent} of the ${bytes} bytes that were announced`)
}
