import { Readable } from "node:stream"
import { expect, test } from "vitest"
import { testDatabase } from "../../../../test/support/postgres.ts"
import { startServer } from "../testing/server.ts"

const page = "<script>alert(1)</script>"
const texts: Record<string, string> = { longer: `${page}HTTP/1.1 200 OK`, shorter: page.slice(1) }
const { database } = await testDatabase()
const server = await startServer({
  database,
  sessions: {
    artifact: async (_principal, _id, name) => {
      const content = Readable.from(name === "manifest.json" ? brokenOff() : [Buffer.from(texts[name] ?? page)])
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
