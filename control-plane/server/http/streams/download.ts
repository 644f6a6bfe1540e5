import type { Context } from "koa"
import type { Call, Download, Route } from "../routes/route.ts"

/**
 * Answers a request with a file to be saved. Bytes only: no type that a browser would show or run, whatever is in it.
 * One that breaks off is cut, so that nobody takes it for the whole.
 */
export function download(route: Route): (ctx: Context, call: Call) => Promise<void> {
  return async (ctx, call) => {
    const { name, bytes, content } = (await route.handler(call)) as Download
    ctx.status = 200
    ctx.set("cache-control", "no-store")
    ctx.set("x-content-type-options", "nosniff")
    // Names are ours: letters, digits, dots.
    ctx.set("content-disposition", `attachment; filename="${name.replace(/[^A-Za-z0-9._-]/g, "_")}"`)
    ctx.type = "application/octet-stream"
    ctx.body = content
    ctx.length = bytes
  }
}
