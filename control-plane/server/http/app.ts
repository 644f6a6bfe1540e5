import Koa, { type Middleware } from "koa"
import { Counter, Histogram } from "prom-client"
import { newId } from "../crypto/index.ts"
import { AppError } from "../errors/index.ts"
import type { Metrics } from "../observability/index.ts"
import { errorBody, toAppError } from "./errors.ts"
import { requireAllowedHost } from "./guards/hosts.ts"
import type { HttpContext } from "./parts.ts"
import { PROBES } from "./probes.ts"
import { securityHeaders } from "./security-headers.ts"

const DURATION_BUCKETS_S = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

export interface AppParts {
  readonly http: HttpContext
  readonly metrics: Metrics
  readonly addressOf: (request: Koa.Request["req"]) => string
  /** True while draining: connections are not kept then. */
  readonly closing: () => boolean
  /** The table's routes, then the UI. */
  readonly routes: Middleware
  readonly ui: (ctx: Koa.Context) => void
}

/** What every request passes, in this order. */
export function createApp(parts: AppParts): Koa {
  const { http } = parts
  const app = new Koa()
  // Errors are answered and logged below; what still gets out of there is a mistake.
  app.silent = true
  app.on("error", (error: unknown) => http.log.error({ err: error }, "a response failed"))
  app.use(identify(parts))
  app.use(observe(parts))
  app.use(answerErrors(http))
  app.use(limitHosts(http))
  app.use(stripPrefix(http.prefix))
  app.use(parts.routes)
  app.use(async (ctx) => parts.ui(ctx))
  return app
}

/** Gives the request its id, which is never the caller's, and the headers that every answer has. */
function identify(parts: AppParts): Middleware {
  const headers = securityHeaders("data", parts.http.own.tls)
  return async (ctx, next) => {
    const requestId = newId("req")
    ctx.state.visitor = { requestId, address: parts.addressOf(ctx.req), userAgent: ctx.get("user-agent") }
    ctx.set("x-request-id", requestId)
    ctx.set(headers)
    if (parts.closing()) ctx.set("connection", "close")
    await parts.http.context.run(ctx.state.visitor, next)
  }
}

function observe({ http, metrics }: AppParts): Middleware {
  const labelNames = ["method", "route", "status"] as const
  const requests = new Counter({
    name: "berth_http_requests_total",
    help: "Requests.",
    labelNames,
    registers: [metrics],
  })
  const durations = new Histogram({
    name: "berth_http_request_seconds",
    help: "Time to the answer, streams apart.",
    labelNames: ["method", "route"],
    buckets: DURATION_BUCKETS_S,
    registers: [metrics],
  })
  return async (ctx, next) => {
    const start = performance.now()
    await next()
    const duration_ms = performance.now() - start
    const route = ctx.state.route ?? (ctx.path.startsWith("/api/") ? "unknown" : "ui")
    const method = KNOWN_METHODS.includes(ctx.method) ? ctx.method : "other"
    const status = ctx.respond === false ? ctx.res.statusCode : ctx.status
    requests.inc({ method, route, status: String(status) })
    if (ctx.respond !== false) durations.observe({ method, route }, duration_ms / 1_000)
    const { requestId, address } = ctx.state.visitor
    const level = status >= 500 ? "warn" : status >= 400 || ctx.method !== "GET" ? "info" : "debug"
    http.log[level]({ requestId, address, method, route, status, ms: Math.round(duration_ms) }, "request")
  }
}

const KNOWN_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

/** The one place where an error becomes an answer. */
function answerErrors(http: HttpContext): Middleware {
  return async (ctx, next) => {
    try {
      await next()
    } catch (thrown) {
      const error = toAppError(thrown)
      const { requestId } = ctx.state.visitor
      if (error.status >= 500) http.log.error({ err: error, requestId }, "a request failed")
      else http.log.debug({ err: error, requestId }, "a request was refused")
      if (ctx.headerSent) return void ctx.res.destroy()
      if (error.retryAfter_s !== undefined) ctx.set("retry-after", String(Math.ceil(error.retryAfter_s)))
      // An answer before the whole request was read ends the connection: what follows on it is not a request.
      if (!ctx.req.complete) ctx.set("connection", "close")
      ctx.set(securityHeaders("data", http.own.tls))
      ctx.set("cache-control", "no-store")
      ctx.status = error.status
      ctx.type = "application/json; charset=utf-8"
      ctx.body = JSON.stringify(errorBody(error, requestId))
    }
  }
}

function limitHosts(http: HttpContext): Middleware {
  const probes = PROBES.flatMap((path) => [path, http.prefix.slice(0, -1) + path])
  return async (ctx, next) => {
    if (!probes.includes(ctx.path)) requireAllowedHost(ctx.req.headers.host, http.allowedHosts)
    await next()
  }
}

/** Everything is below the prefix; the probes are also where a kubelet finds them without knowing it. */
function stripPrefix(prefix: string): Middleware {
  const inner = prefix.slice(0, -1)
  return async (ctx, next) => {
    if (inner === "" || PROBES.includes(ctx.path)) return await next()
    if (ctx.path === inner || (ctx.path === "/" && ctx.method === "GET")) return ctx.redirect(prefix)
    if (!ctx.path.startsWith(prefix)) throw new AppError("not_found", "There is nothing at this address.")
    ctx.path = ctx.path.slice(inner.length)
    await next()
  }
}
