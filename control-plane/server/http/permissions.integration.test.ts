import { createHash, randomBytes } from "node:crypto"
import { beforeAll, describe, expect, test } from "vitest"
import WebSocket, { WebSocketServer } from "ws"
import { type Cell, cellsOf } from "../../../test/support/http/permission-cells.ts"
import { TABLE, type Who } from "../../../test/support/http/permission-table.ts"
import { startServer, testConfig } from "../../../test/support/http/server.ts"
import { sessionsWithoutCluster } from "../../../test/support/http/sessions.ts"
import { testDatabase } from "../../../test/support/postgres.ts"
import { newId } from "../crypto/index.ts"
import type { Principal } from "../sessions/index.ts"
import type { UpgradeRoute } from "./upgrade.ts"

const { database, url } = await testDatabase()
// The table makes more sessions than a person may have.
const config = testConfig({ sessions: { serviceAccountName: "berth-session", maxVolumesPerUser: 0 } })
const sessions = sessionsWithoutCluster({ database, url, config })
const sockets = new WebSocketServer({ noServer: true })
const watching: UpgradeRoute = {
  path: "/api/sessions/:id/watching",
  permission: "sessions:read",
  async accept({ request, socket, head, params, authentication }) {
    await sessions.requests(authentication.principal, params.id ?? "")
    sockets.handleUpgrade(request, socket, head, (accepted) => accepted.close())
  },
}
const server = await startServer({ database, sessions, config, upgrades: [watching] })

const people = new Map<Who, Principal>()
beforeAll(async () => {
  for (const [who, role] of [
    ["owner", "member"],
    ["other", "member"],
    ["readonly", "readonly"],
    ["admin", "admin"],
    ["disabled", "admin"],
  ] as const) {
    const userId = newId("usr")
    const person = { userId, email: `${who}@example.com`, name: who, role, method: "password", loginId: null } as const
    people.set(who, person)
    await database("users").insert({ id: userId, issuer: "test", subject: who, email: person.email, name: who, role })
  }
  await database("users").where({ subject: "disabled" }).update({ disabled_at: new Date() })
})

function person(who: Who): Principal {
  const found = people.get(who)
  if (found === undefined) throw new Error(`${who} is not a person`)
  return found
}

const hashOf = (token: string) => createHash("sha256").update(token).digest()
const later = new Date(Date.now() + 3_600_000)

/** A fresh proof for each question: some questions end the sign-in that asks them. */
async function proofOf(who: Cell["who"]): Promise<Record<string, string>> {
  const token = randomBytes(32).toString("base64url")
  // There is a limit to how many one may have.
  await database("api_tokens").delete()
  if (typeof who !== "string") {
    const row = { id: newId("tok"), user_id: person("owner").userId, name: "t", scopes: [who.scope], expires_at: later }
    await database("api_tokens").insert({ ...row, token_hash: hashOf(`berth_${token}`) })
    return { authorization: `Bearer berth_${token}` }
  }
  if (who === "anonymous") return {}
  // As a projected service account token looks.
  if (who === "pod")
    return { authorization: "Bearer eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzeXN0ZW06c2VydmljZWFjY291bnQifQ.c2ln" }
  const row = { id: newId("lgn"), user_id: person(who).userId, method: "password" }
  await database("logins").insert({ ...row, token_hash: hashOf(token), idle_expires_at: later, expires_at: later })
  return { cookie: `berth-local=${token}` }
}

async function statusOf({ row, visibility, who }: Cell): Promise<number> {
  const [method = "", path = ""] = row.route.split(" ")
  const isAboutSession = path.startsWith("/api/sessions/:id")
  const id = isAboutSession
    ? (await sessions.create(person("owner"), { private: visibility === "private" })).session.id
    : "nothing"
  const address = path.replace(":id", id).replace(/:\w+/g, "nothing")
  const end = new AbortController()
  const response = await server.fetch(address + (row.query ?? ""), {
    method,
    headers: await proofOf(who),
    signal: end.signal,
    ...(row.json === undefined ? {} : { json: row.json }),
  })
  // Streams would go on.
  end.abort()
  return response.status
}

describe.each(TABLE)("$route", (row) => {
  test("answers everybody as the table says, private and public", async () => {
    const cells = cellsOf([row])
    const answers: string[] = []
    const expected: string[] = []
    for (const cell of cells) {
      const name = `${cell.visibility} ${typeof cell.who === "string" ? cell.who : `token ${cell.who.scope}`}`
      expected.push(`${name} ${cell.expected}`)
      answers.push(`${name} ${await statusOf(cell)}`)
    }
    expect(answers).toEqual(expected)
  })
})

/** The status that an upgrade is answered with. */
function upgradeStatus(path: string, headers: Record<string, string>): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(server.url.replace("http", "ws") + path, { headers })
    socket.on("open", () => resolve({ status: 101, body: "" }))
    socket.on("unexpected-response", (_request, response) => {
      let body = ""
      response.on("data", (chunk) => {
        body += chunk
      })
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }))
    })
    // What is refused ends the connection, which ws tells as an error after the answer.
    socket.on("error", (error) => (error.message.includes("before the connection") ? undefined : reject(error)))
  })
}

test("a WebSocket and an event stream with the same permission answer everybody the same", async () => {
  const row = TABLE.find(({ route }) => route === "GET /api/sessions/:id/events")
  if (row === undefined) throw new Error("the row is there")
  for (const { visibility, who, expected } of cellsOf([row])) {
    const { session } = await sessions.create(person("owner"), { private: visibility === "private" })
    const headers = { ...(await proofOf(who)), origin: server.url }
    const { status } = await upgradeStatus(`/api/sessions/${session.id}/watching`, headers)
    expect(status, `${visibility} ${JSON.stringify(who)}`).toBe(expected === 200 ? 101 : expected)
  }
})

test("one stream of several conversations has none that the caller may not read, and says of all of those the same", async () => {
  const { session } = await sessions.create(person("owner"), { private: true, title: "canary" })
  const missing = "ses_00000000000000000000"
  for (const who of ["other", "readonly", "admin"] as const) {
    const response = await server.fetch(`/api/stream?sessions=${session.id}:0,${missing}:0`, {
      headers: await proofOf(who),
    })
    expect(response.status).toBe(200)
    let text = ""
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += chunk
      if (text.match(/session\.ended"/g)?.length === 2) break
    }
    expect(text.match(/event: .*/g)).toEqual(["event: session.ended", "event: session.ended"])
    expect(text).not.toContain("canary")
  }
})

test("a WebSocket from another site is refused where browsers send the proof by themselves", async () => {
  const { session } = await sessions.create(person("owner"), { private: true })
  const path = `/api/sessions/${session.id}/watching`
  const asks = async (who: Cell["who"], more: Record<string, string>) =>
    (await upgradeStatus(path, { ...(await proofOf(who)), ...more })).status
  expect(await asks("owner", { origin: "https://evil.com" })).toBe(403)
  expect(await asks("owner", { "sec-fetch-site": "cross-site", origin: server.url })).toBe(403)
  expect(await asks("owner", {})).toBe(403)
  expect(await asks("owner", { "sec-fetch-site": "same-origin" })).toBe(101)
  expect(await asks({ scope: "sessions:read" }, {})).toBe(101)
})

test("a WebSocket of what is private and of what is not there is refused with the same words", async () => {
  const { session } = await sessions.create(person("owner"), { private: true })
  const ask = async (id: string) => {
    const headers = { ...(await proofOf("other")), origin: server.url }
    const { status, body } = await upgradeStatus(`/api/sessions/${id}/watching`, headers)
    return [status, body.replace(/req_\w+/, "")]
  }
  expect(await ask(session.id)).toEqual(await ask("ses_00000000000000000000"))
})

test("what is private and what is not there look the same to others", async () => {
  const { session } = await sessions.create(person("owner"), { private: true })
  const ask = async (id: string, rest: string, method = "GET", json?: unknown) => {
    const headers = await proofOf("other")
    const statements: string[] = []
    const note = ({ sql }: { sql: string }) => void statements.push(sql)
    database.on("query", note)
    const response = await server.fetch(`/api/sessions/${id}${rest}`, { method, headers, ...(json ? { json } : {}) })
    const body = (await response.text()).replace(/req_\w+/, "")
    database.off("query", note)
    // The same work too: how long an answer takes is what the database was asked for it.
    expect(statements.length).toBeGreaterThan(1)
    return { body, statements, headers: [...response.headers.keys()] }
  }
  for (const [rest, method, json] of [
    ["", "GET"],
    ["/messages", "GET"],
    ["/events", "GET"],
    ["", "DELETE"],
    ["", "PATCH", { title: "x" }],
    ["/stop", "POST"],
  ] as const) {
    expect(await ask(session.id, rest, method, json), rest).toEqual(
      await ask("ses_00000000000000000000", rest, method, json),
    )
  }
  const list = await server.fetch("/api/sessions?limit=200", { headers: await proofOf("other") })
  expect(await list.text()).not.toContain(session.id)
})
