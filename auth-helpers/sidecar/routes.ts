/** What the sidecar passes on, and where to. Nothing else gets through. */
const EXACT: Readonly<Record<string, string>> = {
  "/v1/workload": "GET",
  "/v1/report": "POST",
  "/v1/environment": "GET",
}
const RELAYED = /^\/(llm|git)\/([^/]+)\//

export type Route =
  /** To the broker, under this path. `provider` is the model provider that is asked. */
  | { readonly to: string; readonly provider: string | null; readonly report: boolean }
  /** Answered by the sidecar itself. */
  | { readonly own: "environment" }
  | { readonly refuse: 400 | 404 | 405 | 421; readonly message: string }

/**
 * What to do with a request. `host` is its Host header: only loopback names are answered, so that a web page in a
 * browser of the pod cannot reach the sidecar under a name of its own (DNS rebinding).
 */
export function routeOf(method: string, rawUrl: string, host: string | undefined): Route {
  const name = host?.replace(/:\d+$/, "")
  if (name !== "127.0.0.1" && name !== "localhost") return { refuse: 421, message: "only 127.0.0.1 is served here" }
  if (!rawUrl.startsWith("/") || rawUrl.startsWith("//") || !URL.canParse(rawUrl, "http://sidecar")) {
    return { refuse: 400, message: "not a path" }
  }
  const { pathname, search } = new URL(rawUrl, "http://sidecar")
  const [relayed, kind, target = ""] = RELAYED.exec(pathname) ?? []
  if (relayed !== undefined) {
    return { to: `/v1${pathname}${search}`, provider: kind === "llm" ? target : null, report: false }
  }
  const expected = Object.hasOwn(EXACT, pathname) ? EXACT[pathname] : undefined
  if (expected === undefined) return { refuse: 404, message: `no such route: ${pathname}` }
  if (method !== expected) return { refuse: 405, message: `${pathname} takes ${expected}` }
  if (pathname === "/v1/environment") return { own: "environment" }
  return { to: pathname, provider: null, report: pathname === "/v1/report" }
}
