import type { Context } from "koa"
import type { HttpContext } from "../parts.ts"
import type { Call, Route } from "../routes/route.ts"
import { type ServerSentEvent, writeEvents } from "./writer.ts"

/**
 * Answers a request with an event stream. The source is asked for its first item before the status is sent, so that a
 * refusal is an ordinary error.
 */
export async function serveStream(ctx: Context, route: Route, call: Call, http: HttpContext): Promise<void> {
  const authentication = call.authentication
  if (authentication === null) throw new Error(`${route.path} streams to nobody`)
  const stream = http.streams.open(authentication)
  const signal = AbortSignal.any([stream.signal, call.signal])
  try {
    const source = route.handler({ ...call, principal: authentication.principal, signal })
    const events = (source as AsyncIterable<ServerSentEvent>)[Symbol.asyncIterator]()
    const first = await events.next()
    if (ctx.method === "HEAD" || first.done === true) {
      ctx.status = 200
      ctx.type = "text/event-stream"
      ctx.body = ""
      return
    }
    ctx.respond = false
    ctx.status = 200
    await writeEvents(ctx.res, after(first.value, events), signal).catch((error: unknown) => {
      http.log.error({ err: error, route: route.path, requestId: ctx.state.visitor.requestId }, "an event stream broke")
    })
  } finally {
    stream.end("closed")
  }
}

/** The iterator with an item put back in front. */
function after(first: ServerSentEvent, rest: AsyncIterator<ServerSentEvent>): AsyncIterator<ServerSentEvent> {
  let pending: ServerSentEvent | undefined = first
  return {
    async next() {
      if (pending === undefined) return await rest.next()
      const value = pending
      pending = undefined
      return { done: false, value }
    },
    async return() {
      await rest.return?.()
      return { done: true, value: undefined }
    },
  }
}
