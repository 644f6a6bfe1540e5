import Router from "@koa/router"
import type { Context, Middleware } from "koa"
import { AppError } from "../errors/index.ts"
import { PERMISSIONS } from "../identity/index.ts"
import type { HttpContext } from "./parts.ts"
import type { Route } from "./routes/route.ts"
import { runRoute } from "./run-route.ts"

/**
 * Middleware for the table's routes. Does not start with a route that names no permission.
 * An address that exists under another method is 405; any other below /api is 404.
 */
export function routeRequests(routes: readonly Route[], http: HttpContext): Middleware {
  const router = new Router({ strict: true, sensitive: true })
  for (const route of routes) {
    if (!Object.hasOwn(PERMISSIONS, route.permission)) {
      throw new Error(`${route.method} ${route.path} names no permission`)
    }
    const run = runRoute(route, http)
    router.register(route.path, [route.method], async (ctx) => {
      ctx.state.route = route.path
      await run(ctx as unknown as Context)
    })
  }
  const serve = router.routes()
  return async (ctx, next) => {
    if (ctx.path !== "/api" && !ctx.path.startsWith("/api/")) return await next()
    const matched = router.match(ctx.path, ctx.method)
    if (matched.route) return await (serve as unknown as Middleware)(ctx, async () => undefined)
    if (matched.path.length > 0) {
      ctx.set("allow", [...new Set(matched.path.flatMap((layer) => layer.methods))].sort().join(", "))
      throw new AppError("method_not_allowed", "This address does not take this method.")
    }
    throw new AppError("not_found", "There is nothing at this address.")
  }
}
