/** Every page of the UI. */
export type Route =
  | { readonly name: "list" }
  | { readonly name: "new" }
  | { readonly name: "session"; readonly id: string }
  | { readonly name: "settings" }
  | { readonly name: "users" }
  | { readonly name: "providers" }
  /** One model provider; null: a new one. */
  | { readonly name: "provider"; readonly id: string | null }
  | { readonly name: "audit" }
  | { readonly name: "sign-in"; readonly returnTo: string }
  | { readonly name: "missing" }

/** @param path without the path prefix and without its leading slash; `search` as in a location */
export function parseRoute(path: string, search: string): Route {
  const [first = "", second, third, fourth] = path.split("/").filter((part) => part !== "")
  if (fourth !== undefined) return { name: "missing" }
  if (first === "admin") return parseAdmin(second, third)
  if (third !== undefined) return { name: "missing" }
  if (first === "sessions" && second !== undefined) return ofId("session", second)
  if (second !== undefined) return { name: "missing" }
  switch (first) {
    case "":
    case "sessions":
      return { name: "list" }
    case "new":
      return { name: "new" }
    case "settings":
      return { name: "settings" }
    case "sign-in":
      return { name: "sign-in", returnTo: ownPath(new URLSearchParams(search).get("return")) }
    default:
      return { name: "missing" }
  }
}

function parseAdmin(page = "users", id: string | undefined): Route {
  if (page === "providers" && id !== undefined) return ofId("provider", id)
  if (id !== undefined) return { name: "missing" }
  if (page === "new-provider") return { name: "provider", id: null }
  return page === "users" || page === "providers" || page === "audit" ? { name: page } : { name: "missing" }
}

/** The page of one thing; an address that was cut in the middle of a character is no page's. */
function ofId(name: "session" | "provider", encoded: string): Route {
  try {
    return { name, id: decodeURIComponent(encoded) }
  } catch {
    return { name: "missing" }
  }
}

/** Path of a page, without the path prefix. */
export function pathOf(route: Route): string {
  switch (route.name) {
    case "session":
      return `sessions/${encodeURIComponent(route.id)}`
    case "sign-in":
      return route.returnTo === "" ? "sign-in" : `sign-in?return=${encodeURIComponent(route.returnTo)}`
    case "users":
    case "providers":
    case "audit":
      return `admin/${route.name}`
    case "provider":
      return route.id === null ? "admin/new-provider" : `admin/providers/${encodeURIComponent(route.id)}`
    case "list":
    case "missing":
      return ""
    default:
      return route.name
  }
}

const NOBODY = "http://nobody.invalid/"

/** A path of our own without its leading slash, or the empty one when it would lead anywhere else. */
export function ownPath(wanted: string | null): string {
  if (wanted === null || wanted.length > 2_000 || /[\\\s\p{Cc}]/u.test(wanted) || wanted.startsWith("/")) return ""
  if (!URL.canParse(wanted, NOBODY)) return ""
  const url = new URL(wanted, NOBODY)
  if (url.origin !== new URL(NOBODY).origin || url.username !== "") return ""
  const path = url.pathname.replace(/^\/+/, "")
  return path.startsWith("sign-in") || path.startsWith("api/") ? "" : path + url.search
}
