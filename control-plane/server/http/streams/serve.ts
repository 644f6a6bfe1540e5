import type { Context } from "koa"
import type { HttpContext } from "../parts.ts"
import type { Call, Route } from "../routes/route.ts"
import { declare } from "../validation.ts"
import { type ServerSentEvent, writeEvents } from "./writer.ts"

/**
 * What answers a route's requests with an event stream; of an event's data goes out what the route declares for its type,
 * and nothing else. A type that is not declared is not sent. The source is asked for its first item before the status is sent, so that a
 * refusal is an ordinary error.
 */
export function streamOf(route: Route, http: HttpContext): (ctx: Context, call: Call) => Promise<void> {
  const declared = eventOf(route, http)
  return (ctx, call) => serveStream(ctx, { route, call, http, declared })
}

type DeclaredEvent = (event: ServerSentEvent) => ServerSentEvent

async function serveStream(
  ctx: Context,
  { route, call, http, declared }: { route: Route; call: Call; http: HttpContext; declared: DeclaredEvent },
): Promise<void> {
  const authentication = call.authentication
  if (authentication === null) throw new Error(`${route.path} streams to nobody`)
  const weight = route.shapes.weight?.((call.query ?? {}) as Record<string, unknown>)
  const stream = http.streams.open(authentication, weight)
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
    await writeEvents(ctx.res, after(first.value, events, declared), signal).catch((error: unknown) => {
      http.log.error({ err: error, route: route.path, requestId: ctx.state.visitor.requestId }, "an event stream broke")
    })
  } finally {
    stream.end("closed")
  }
}

function eventOf(route: Route, http: HttpContext): DeclaredEvent {
  const declaredOf = declare(route.shapes.answer ?? {})
  return (event) => {
    if (event === null) return null
    // Not of the source but of the stream: what came before is not known any more.
    if (event.event === "reset") return { ...event, data: {} }
    const { declared, fault } = declaredOf(event.data)
    if (fault !== null) {
      http.log.error({ route: `${route.method} ${route.path}`, fault }, "an event is not what its route declares")
      if (http.strictAnswers) throw new Error(`${route.method} ${route.path}: ${fault}`)
    }
    return declared === null ? null : { ...event, data: declared }
  }
}

/** The iterator with an item put back in front, and of each item what is declared. */
function after(
  first: ServerSentEvent,
  rest: AsyncIterator<ServerSentEvent>,
  declared: DeclaredEvent,
): AsyncIterator<ServerSentEvent> {
  let pending: ServerSentEvent | undefined = first
  return {
    async next() {
      if (pending === undefined) {
        const next = await rest.next()
        return next.done ? next : { done: false, value: declared(next.value) }
      }
      const value = declared(pending)
      pending = undefined
      return { done: false, value }
    },
    async return() {
      await rest.return?.()
      return { done: true, value: undefined }
    },
  }
}
