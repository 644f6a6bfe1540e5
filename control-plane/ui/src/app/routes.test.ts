import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { ownPath, parseRoute, pathOf, type Route } from "./routes.ts"

const parse = (path: string) => {
  const url = new URL(path, "http://here.invalid/")
  return parseRoute(url.pathname.slice(1), url.search)
}

describe("addresses of pages", () => {
  test.each<Route>([
    { name: "list" },
    { name: "new" },
    { name: "settings" },
    { name: "session", id: "ses_0" },
    { name: "users" },
    { name: "providers" },
    { name: "provider", id: "my.models_2" },
    { name: "provider", id: null },
    { name: "audit" },
    { name: "sign-in", returnTo: "sessions/ses_0?x=1" },
  ])("lead back to the page: $name", (route) => expect(parse(pathOf(route))).toEqual(route))

  test.each([
    "sessions/a/b",
    "nothing",
    "new/x",
    "admin/x",
    "admin/users/x",
    "admin/providers/a/b",
    "sessions/%E0%A4",
    "admin/providers/%",
  ])("that are no page's are missing: %s", (path) => {
    expect(parse(path)).toEqual({ name: "missing" })
  })
})

describe("where to go after signing in", () => {
  test.each([
    "//evil.example",
    "https://evil.example",
    "/\\evil.example",
    "javascript:alert(1)",
    "\\evil",
    "sign-in?return=x",
    "api/auth/logout",
    " new",
  ])("is not %s", (wanted) => expect(ownPath(wanted)).toBe(""))
  test("is a path below our own prefix, whatever is asked for", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.webUrl(), fc.string({ unit: "binary" }), fc.stringMatching(/^[/\\.:@?#a-z]*$/)),
        (wanted) => {
          const url = new URL(ownPath(wanted), "https://own.example/prefix/")
          expect(url.origin).toBe("https://own.example")
          expect(url.pathname.startsWith("/prefix/")).toBe(true)
        },
      ),
      { numRuns: 500 },
    )
  })
})
