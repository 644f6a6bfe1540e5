import { Readable } from "node:stream"
import type { Context } from "koa"
import { whenClosed } from "../closed.ts"
import type { Visit } from "../guards/load.ts"
import type { Call, Download, Route } from "../routes/route.ts"
import { STALLED_MS } from "../stalled.ts"

/**
 * Answers a request with a file to be saved. Bytes only: no type that a browser would show or run, whatever is in it.
 * One that breaks off, or has another length than was announced, is cut: nobody takes it for the whole, and nothing of
 * it is taken for the connection's next answer. The file is let go when the answer is over, whatever became of it:
 * behind it may be a connection to the object store, of which there are few.
 */
export function download(route: Route): (ctx: Context, call: Call, visit: Visit) => Promise<void> {
  return async (ctx, call, visit) => {
    const { name, bytes, content } = (await route.handler(call)) as Download
    const isWanted = ctx.method !== "HEAD"
    const body = isWanted ? Readable.from(exactly(bytes, content)) : null
    // Whoever reads it is told as well; what is not read may fail.
    content.on("error", () => undefined)
    whenClosed(ctx, () => {
      body?.destroy()
      content.destroy()
    })
    if (!isWanted) content.destroy()
    // What waits for the object store is in memory as a whole.
    else visit.hold(bytes, { refuse: true })
    ctx.status = 200
    ctx.set("cache-control", "no-store")
    ctx.set("x-content-type-options", "nosniff")
    // Names are ours: letters, digits, dots.
    ctx.set("content-disposition", `attachment; filename="${name.replace(/[^A-Za-z0-9._-]/g, "_")}"`)
    ctx.type = "application/octet-stream"
    if (body !== null) ctx.body = body
    ctx.length = bytes
    // From the beginning on: it is handed to the socket piece by piece.
    ctx.res.setTimeout(STALLED_MS)
  }
}

async function* exactly(bytes: number, content: Readable): AsyncGenerator<Buffer> {
  let sent = 0
  for await (const chunk of content) {
    sent += chunk.length
    if (sent > bytes) throw new Error(`a file has more than the ${bytes} bytes that were announced`)
    yield chunk
  }
  if (sent < bytes) throw new Error(`a file has ${sent} of the ${bytes} bytes that were announced`)
}
