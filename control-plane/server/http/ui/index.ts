import type { Context } from "koa"
import { AppError } from "../../errors/index.ts"
import { securityHeaders } from "../security-headers.ts"
import type { UiFile } from "./files.ts"

export { loadUi } from "./files.ts"

/** Serves the UI: its files by name, and the index for every other page address, which the program in it understands. */
export function serveUi(files: ReadonlyMap<string, UiFile>, tls: boolean): (ctx: Context) => void {
  return (ctx) => {
    const name = ctx.path.slice(1)
    const isPage = !/\.[a-z0-9]+$/i.test(name) && !/^(\/|api(\/|$))/.test(name)
    const file = files.get(name) ?? (isPage ? files.get("index.html") : undefined)
    if (file === undefined) throw new AppError("not_found", "There is nothing at this address.")
    if (ctx.method !== "GET" && ctx.method !== "HEAD") {
      throw new AppError("method_not_allowed", "This address can only be read.")
    }
    ctx.set(securityHeaders("ui", tls))
    ctx.set("cache-control", file.immutable ? "public, max-age=31536000, immutable" : "no-cache")
    ctx.set("etag", file.etag)
    ctx.vary("accept-encoding")
    ctx.status = 200
    if (ctx.fresh) {
      ctx.status = 304
      return
    }
    const { br, gzip, identity } = file.forms
    const encoding = ctx.acceptsEncodings(...(br ? ["br"] : []), ...(gzip ? ["gzip"] : []), "identity")
    const form = encoding === "br" ? br : encoding === "gzip" ? gzip : undefined
    if (form !== undefined) ctx.set("content-encoding", String(encoding))
    ctx.type = file.type
    ctx.body = form ?? identity
  }
}
