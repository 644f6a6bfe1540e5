/** What the sidecar passes on, and where to. Nothing else gets through. */
const EXACT: Readonly<Record<string, string>> = { "/v1/workload": "GET", "/v1/report": "POST" }
const RELAYED = ["/llm/", "/git/"]

export type Route =
  | { readonly to: string; readonly report: boolean }
  | { readonly refuse: 400 | 404 | 405 | 421; readonly message: string }

/**
 * The broker's path for a request. `host` is the request's Host header: only loopback names are answered, so that a
 * web page in a browser of the pod cannot reach the sidecar under a name of its own (DNS rebinding).
 */
export function routeOf(method: string, rawUrl: string, host: string | undefined): Route {
  const name = host?.replace(/:\d+$/, "")
  if (name !== "127.0.0.1" && name !== "localhost") return { refuse: 421, message: "only 127.0.0.1 is served here" }
  if (!rawUrl.startsWith("/") || rawUrl.startsWith("//") || !URL.canParse(rawUrl, "http://sidecar")) {
    return { refuse: 400, message: "not a path" }
  }
  const { pathname, search } = new URL(rawUrl, "http://sidecar")
  if (RELAYED.some((prefix) => pathname.startsWith(prefix))) return { to: `/v1${pathname}${search}`, report: false }
  const expected = Object.hasOwn(EXACT, pathname) ? EXACT[pathname] : undefined
  if (expected === undefined) return { refuse: 404, message: `no such route: ${pathname}` }
  if (method !== expected) return { refuse: 405, message: `${pathname} takes ${expected}` }
  return { to: pathname, report: pathname === "/v1/report" }
}
