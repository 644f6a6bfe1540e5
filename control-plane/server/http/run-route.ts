import type { Context } from "koa"
import { limitKeyOf } from "../addresses/index.ts"
import { AppError } from "../errors/index.ts"
import type { Authentication } from "../identity/index.ts"
import { hasBody, readBytes, readJson } from "./body.ts"
import { whenClosed } from "./closed.ts"
import { admit } from "./guards/admission.ts"
import { UNCOUNTED, type Visit } from "./guards/load.ts"
import type { HttpContext } from "./parts.ts"
import { PROBES } from "./probes.ts"
import { type Call, type Route, statusOf } from "./routes/route.ts"
import { download } from "./streams/download.ts"
import { linesOf } from "./streams/lines.ts"
import { streamOf } from "./streams/serve.ts"
import { type Check, checkBody, checkQuery, declare } from "./validation.ts"

const BODY_BYTES_MAX = 1024 * 1024
/** Before anybody is known, and before the limits of sign-in: an address and a password. */
const OPEN_BODY_BYTES_MAX = 16 * 1024
const NO_BYTES = Buffer.alloc(0)
const SAFE_METHODS = ["GET", "HEAD"]
// A provider may be called `my.provider`; nothing may be called `.` or `..`.
const PARAMETER = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,128}$/

/**
 * What happens to every request of a route, in this order:
 * authenticated, authorised, not from another site, not too many, well-formed; handled; answered with what is declared.
 */
export function runRoute(route: Route, http: HttpContext): (ctx: Context) => Promise<void> {
  const query = route.shapes.query ? checkQuery(route.shapes.query) : null
  const body = route.shapes.body ? checkBody(route.shapes.body) : null
  const answer = route.shapes.stream || route.shapes.lines ? null : answerOf(route, http)
  const stream = route.shapes.stream ? streamOf(route, http) : null
  const lines = route.shapes.lines ? linesOf(route, http) : null
  const file = route.shapes.file ? download(route) : null
  const isProbe = PROBES.includes(route.path)

  return async (ctx) => {
    const authentication = await admit(http, ctx.req, ctx.state.visitor, {
      permission: route.permission,
      signed: route.shapes.signed,
    })
    const caller = authentication?.principal.userId ?? limitKeyOf(ctx.state.visitor.address)
    const visit = isProbe ? UNCOUNTED : http.load.enter(caller)
    try {
      const call = await callOf(ctx, route, authentication, query, body)
      const long = stream ?? lines
      if (long) {
        visit.leave()
        return await long(ctx, call)
      }
      if (file) return await file(ctx, call, visit)
      ctx.status = statusOf(route)
      ctx.set("cache-control", "no-store")
      answer?.(ctx, await (route.handler(call) as Promise<unknown>), visit)
    } finally {
      // Not before it was taken: an answer that nobody reads is memory that is held.
      whenClosed(ctx, visit.leave)
    }
  }
}

/** What a handler answers goes out as declared, and nothing else of it. */
function answerOf(route: Route, http: HttpContext): (ctx: Context, value: unknown, visit: Visit) => void {
  const schema = route.shapes.answer
  if (route.shapes.redirect) {
    return (ctx, value) => {
      ctx.body = null
      ctx.status = statusOf(route)
      ctx.set("location", (value as { location: string }).location)
    }
  }
  if (schema === undefined) {
    return (ctx) => {
      ctx.body = null
      ctx.status = statusOf(route)
    }
  }
  const declaredOf = declare(schema)
  return (ctx, value, visit) => {
    const { declared, fault } = declaredOf(value)
    if (fault !== null) {
      http.log.error({ route: `${route.method} ${route.path}`, fault }, "an answer is not what its route declares")
      if (http.strictAnswers) throw new Error(`${route.method} ${route.path}: ${fault}`)
    }
    const body = Buffer.from(JSON.stringify(declared))
    // What was done is told, whatever is held; what was only read can be read again.
    if (ctx.method !== "HEAD") visit.hold(body.length, { refuse: SAFE_METHODS.includes(ctx.method) })
    ctx.type = "application/json; charset=utf-8"
    ctx.body = body
  }
}

async function callOf(
  ctx: Context,
  route: Route,
  authentication: Authentication | null,
  query: Check | null,
  body: Check | null,
): Promise<Call> {
  const signal = new AbortController()
  whenClosed(ctx, () => signal.abort("closed"))
  return {
    params: paramsOf(ctx),
    query: query === null ? undefined : (query(queryOf(ctx)) as Call["query"]),
    ...(await bodyOf(ctx, route, body)),
    authentication,
    get principal() {
      if (authentication === null) throw new AppError("unauthenticated", "Sign in to do this.")
      return authentication.principal
    },
    visitor: ctx.state.visitor,
    headers: ctx.headers,
    search: ctx.search,
    signal: signal.signal,
    setHeader: (name, value) => ctx.set(name, value),
  }
}

/** No id of ours looks otherwise, so an address with another one leads nowhere. */
function paramsOf(ctx: Context): Record<string, string> {
  const params = ctx.params as Record<string, string>
  if (Object.values(params).some((value) => !PARAMETER.test(value))) {
    throw new AppError("not_found", "There is nothing at this address.")
  }
  return params
}

function queryOf(ctx: Context): Record<string, string> {
  const query: Record<string, string> = {}
  for (const [name, value] of new URLSearchParams(ctx.querystring)) {
    if (Object.hasOwn(query, name)) throw new AppError("invalid_request", `query.${name.slice(0, 64)} is given twice.`)
    query[name] = value
  }
  return query
}

async function bodyOf(
  ctx: Context,
  { shapes, permission }: Route,
  check: Check | null,
): Promise<{ body: Call["body"]; signedBody: Buffer }> {
  const bytes_max =
    shapes.bodyBytes_max ?? (permission === "anyone" && !shapes.signed ? OPEN_BODY_BYTES_MAX : BODY_BYTES_MAX)
  if (shapes.signed) return { body: undefined, signedBody: await readBytes(ctx.req, bytes_max) }
  const signedBody = NO_BYTES
  if (check) return { body: check(await readJson(ctx.req, bytes_max)) as Call["body"], signedBody }
  // Read even where none is wanted: an unread body would be taken for the connection's next request.
  if (hasBody(ctx.req) && !SAFE_METHODS.includes(ctx.method)) await readJson(ctx.req, bytes_max)
  return { body: undefined, signedBody }
}
