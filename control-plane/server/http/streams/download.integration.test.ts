import { Readable } from "node:stream"
import { expect, test, vi } from "vitest"
import { startServer } from "../../../../test/support/http/server.ts"
import { testDatabase } from "../../../../test/support/postgres.ts"

const page = "<script>alert(1)</script>"
const texts: Record<string, string> = { longer: `${page}HTTP/1.1 200 OK`, shorter: page.slice(1) }
const opened: Readable[] = []
let beforeOpening: () => Promise<unknown> = async () => undefined
const { database } = await testDatabase()
const server = await startServer({
  database,
  sessions: {
    artifact: async (_principal, _id, name) => {
      await beforeOpening()
      const content = Readable.from(name === "manifest.json" ? brokenOff() : [Buffer.from(texts[name] ?? page)])
      opened.push(content)
      return { name: "workspace.patch", bytes: page.length, at: 1, content }
    },
  },
})
const cookie = await server.signIn()

async function* brokenOff() {
  yield Buffer.from(page.slice(0, 5))
  throw new Error("the store went away")
}

test("a file is bytes to be saved, whatever is in it", async () => {
  const response = await server.fetch("/api/sessions/ses_1/artifacts/workspace.patch", { cookie })
  expect(response.status).toBe(200)
  expect(Object.fromEntries(response.headers)).toMatchObject({
    "content-type": "application/octet-stream",
    "content-disposition": 'attachment; filename="workspace.patch"',
    "content-length": String(page.length),
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
  })
  expect(await response.text()).toBe(page)
})

test("a file that breaks off is cut: half of it is never taken for the whole", async () => {
  const response = await server.fetch("/api/sessions/ses_1/artifacts/manifest.json", { cookie })
  await expect(response.text()).rejects.toThrow()
})

test.each(["longer", "shorter"])("a file that has become %s than it is said to be is cut", async (name) => {
  const signal = AbortSignal.timeout(60_000)
  const read = async () => (await server.fetch(`/api/sessions/ses_1/artifacts/${name}`, { cookie, signal })).text()
  await expect(read()).rejects.not.toMatchObject({ name: "TimeoutError" })
})

test("nobody who is not signed in gets one", async () => {
  expect((await server.fetch("/api/sessions/ses_1/artifacts/workspace.patch")).status).toBe(401)
})

const path = "/api/sessions/ses_1/artifacts/workspace.patch"
const letGo = () =>
  vi.waitFor(() => expect(opened.map(({ destroyed }) => destroyed)).toEqual([true]), { timeout: 60_000 })

test("who asks for the headers alone gets them, and the file is let go", async () => {
  opened.length = 0
  const response = await server.fetch(path, { cookie, method: "HEAD" })
  expect(response.status).toBe(200)
  expect(Object.fromEntries(response.headers)).toMatchObject({
    "content-type": "application/octet-stream",
    "content-length": String(page.length),
    "content-disposition": 'attachment; filename="workspace.patch"',
  })
  await letGo()
})

test("a file is let go also when its reader went away before it was opened", async () => {
  opened.length = 0
  const asked = Promise.withResolvers<void>()
  const opens = Promise.withResolvers<void>()
  beforeOpening = () => {
    asked.resolve()
    return opens.promise
  }
  const abort = new AbortController()
  const answer = server.fetch(path, { cookie, signal: abort.signal })
  await asked.promise
  abort.abort()
  await expect(answer).rejects.toThrow()
  beforeOpening = async () => undefined
  opens.resolve()
  await letGo()
})
