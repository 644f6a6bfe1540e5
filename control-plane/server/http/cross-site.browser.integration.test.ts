import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Page } from "playwright-core"
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest"
import { openBrowser } from "../../../test/support/chromium.ts"
import { startServer, testConfig } from "../../../test/support/http/server.ts"
import { testDatabase } from "../../../test/support/postgres.ts"
import type { Sessions } from "../sessions/service-types.ts"

const ui = mkdtempSync(join(tmpdir(), "berth-ui-"))
afterAll(() => rmSync(ui, { recursive: true }))
writeFileSync(join(ui, "index.html"), "<!doctype html><head></head>")
let deleted = 0
const sessions: Partial<Sessions> = { delete: async () => void (deleted += 1) }
const { database } = await testDatabase()
const server = await startServer({ database, sessions, config: testConfig({}, { BERTH_UI_DIR: ui }) })
const cookie = await server.signIn()

const elsewhere = createServer((_request, response) => {
  response.setHeader("content-type", "text/html")
  response.end("<!doctype html><title>elsewhere</title>")
})
await new Promise<void>((resolve) => elsewhere.listen(0, "127.0.0.1", resolve))
afterAll(() => void elsewhere.close())
const { port } = elsewhere.address() as AddressInfo

const browser = await openBrowser()
afterAll(() => browser.close())
let page: Page

/** A page of that origin in a browser that is signed in here. */
async function open(origin: string): Promise<void> {
  const context = await browser.newContext()
  const [name = "", value = ""] = cookie.split("=")
  await context.addCookies([{ name, value, url: server.url, httpOnly: true, sameSite: "Lax" }])
  page = await context.newPage()
  await page.goto(origin)
}

/** Sends a form and answers the status of the page that comes back. */
async function submit(enctype: string): Promise<number> {
  const answered = page.waitForResponse((response) => response.url() === `${server.url}/api/auth/logout`)
  // The field makes a body of text/plain that is JSON.
  await page.setContent(
    `<form method="post" action="${server.url}/api/auth/logout" enctype="${enctype}">
       <input name='{"a":"' value='"}'><button>Send</button></form>`,
  )
  await page.click("button", { noWaitAfter: true })
  return (await answered).status()
}

interface Sent {
  readonly method?: string
  readonly mode?: "no-cors"
  readonly headers?: Record<string, string>
  readonly body?: string
}

/** Fetches with the browser's cookies; answers what the page gets to see. */
function fetched(path: string, init: Sent): Promise<string> {
  return page.evaluate(
    ({ url, init }) =>
      fetch(url, { credentials: "include", ...init }).then(
        (response) => (response.type === "opaque" ? "opaque" : String(response.status)),
        () => "failed",
      ),
    { url: server.url + path, init },
  )
}

/** Opens a WebSocket; answers what the browser's console says about it. */
async function upgraded(): Promise<string> {
  const said = page.waitForEvent("console", (message) => message.text().includes("WebSocket"))
  await page.evaluate((url) => void new WebSocket(url), `${server.url.replace("http", "ws")}/api/nothing`)
  return (await said).text()
}

/** Whether the login that every attempt was to misuse is still there. */
const isSignedIn = async () => (await server.fetch("/api/me", { cookie })).status === 200

// The first is another site: Lax cookies stay away. The second is the same site, where the cookie goes along.
// Chromium has words of its own for 401.
describe.each([
  ["another site", `http://localhost:${port}/`, 401, "HTTP Authentication failed"],
  ["another port of the same host", `http://127.0.0.1:${port}/`, 403, "Unexpected response code: 403"],
])("from %s in Chromium", (_where, origin, status, words) => {
  // A page of its own for each: forms leave it, and their navigation may still be under way.
  beforeEach(() => open(origin))
  afterEach(() => page.context().close())

  test.each(["application/x-www-form-urlencoded", "multipart/form-data", "text/plain"])(
    "a form sent as %s is refused",
    async (enctype) => {
      expect(await submit(enctype)).toBe(status)
      expect(await isSignedIn()).toBe(true)
    },
  )

  test("a fetch without CORS is refused, and one with CORS does not pass its preflight", async () => {
    const body = "{}"
    // The page does not even learn the status: our answers are for our own origin only.
    expect(await fetched("/api/auth/logout", { method: "POST", mode: "no-cors", body })).toBe("failed")
    const headers = { "content-type": "application/json" }
    expect(await fetched("/api/auth/logout", { method: "POST", headers, body })).toBe("failed")
    expect(await fetched("/api/sessions/ses_1", { method: "DELETE" })).toBe("failed")
    expect(await fetched("/api/me", {})).toBe("failed")
    expect([await isSignedIn(), deleted]).toEqual([true, 0])
  })

  test("a WebSocket is refused before 101", async () => {
    expect(await upgraded()).toContain(words)
  })
})

test("from our own page the same requests pass", async () => {
  await open(`${server.url}/`)
  expect(await fetched("/api/me", {})).toBe("200")
  expect(await fetched("/api/sessions/ses_1", { method: "DELETE" })).toBe("204")
  expect(deleted).toBe(1)
  // Past origin and sign-in: there is only nothing at this address.
  expect(await upgraded()).toContain("Unexpected response code: 404")
  await page.context().close()
})
