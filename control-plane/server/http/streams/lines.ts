import type { ServerResponse } from "node:http"
import type { Context } from "koa"
import type { HttpContext } from "../parts.ts"
import type { Call, Route } from "../routes/route.ts"
import { STALLED_MS } from "../stalled.ts"
import { declare } from "../validation.ts"
import { drained } from "./writer.ts"

/**
 * Answers a request with lines of JSON. One page is held at a time: the next one is asked for when the socket has taken
 * the one before. The first is read before the status is sent, so that a refusal is an ordinary error. What ends before
 * its end (the sign-in is over, the process drains, the source fails) is cut, so that nobody takes it for the whole.
 */
export function linesOf(route: Route, http: HttpContext): (ctx: Context, call: Call) => Promise<void> {
  const line = lineOf(route, http)
  return (ctx, call) => serveLines(ctx, { route, call, http, line })
}

async function serveLines(
  ctx: Context,
  { route, call, http, line }: { route: Route; call: Call; http: HttpContext; line: (item: unknown) => string },
): Promise<void> {
  const { authentication } = call
  if (authentication === null) throw new Error(`${route.path} streams to nobody`)
  const stream = http.streams.open(authentication)
  const signal = AbortSignal.any([stream.signal, call.signal])
  try {
    const source = route.handler({ ...call, principal: authentication.principal, signal })
    const pages = (source as AsyncIterable<readonly unknown[]>)[Symbol.asyncIterator]()
    const first = await pages.next()
    ctx.status = 200
    ctx.type = "application/x-ndjson; charset=utf-8"
    ctx.set("cache-control", "no-store")
    if (ctx.method === "HEAD" || first.done === true) {
      ctx.body = ""
      await pages.return?.()
      return
    }
    ctx.respond = false
    await writePages(ctx.res, { first: first.value, rest: pages, line }, signal).catch((error) => {
      http.log.error({ err: error, route: route.path, requestId: ctx.state.visitor.requestId }, "an export broke off")
      ctx.res.destroy()
    })
  } finally {
    stream.end("closed")
  }
}

interface Pages {
  readonly first: readonly unknown[]
  readonly rest: AsyncIterator<readonly unknown[]>
  readonly line: (item: unknown) => string
}

async function writePages(response: ServerResponse, { first, rest, line }: Pages, signal: AbortSignal): Promise<void> {
  const cut = () => response.destroy()
  signal.addEventListener("abort", cut, { once: true })
  try {
    for (let page = first; !signal.aborted; ) {
      if (!response.write(page.map(line).join(""))) await drained(response, signal, STALLED_MS)
      const next = await rest.next()
      if (next.done) break
      page = next.value
    }
    if (signal.aborted) cut()
    else response.end()
  } finally {
    signal.removeEventListener("abort", cut)
    // Not awaited: a source that hangs must not hold the socket.
    void rest.return?.().catch(() => undefined)
  }
}

/** A line holds what the route declares, and nothing else of the item. */
function lineOf(route: Route, http: HttpContext): (item: unknown) => string {
  const declaredOf = declare(route.shapes.answer ?? {})
  return (item) => {
    const { declared, fault } = declaredOf(item)
    if (fault !== null) {
      http.log.error({ route: `${route.method} ${route.path}`, fault }, "a line is not what its route declares")
      if (http.strictAnswers) throw new Error(`${route.method} ${route.path}: ${fault}`)
    }
    return `${JSON.stringify(declared)}\n`
  }
}
