import { describe, expect, it } from "vitest"
import { call } from "../../../../test/support/broker/call.ts"
import { startHarness } from "../../../../test/support/broker/harness.ts"
import { startModelServer } from "../../../../test/support/broker/model-server.ts"
import { startSidecar } from "../../../../test/support/broker/sidecar.ts"
import type { ProviderJson } from "./definition.ts"
import { repairStoredProviders } from "./repair.ts"

const model = await startModelServer()
const broker = await startHarness({})
const { admin, database } = broker
const actor = { userId: "usr_1", email: "admin@example.com" }
const sidecar = await startSidecar(broker, await broker.addSession())
const address = `${model.url}/v1`

const compatible = (parts: Record<string, unknown>, options: Record<string, unknown> = {}): ProviderJson => ({
  npm: "@ai-sdk/openai-compatible",
  options: { baseURL: address, ...options },
  models: { m: { limit: { context: 32_768, output: 4096 } } },
  ...parts,
})

/** A key at each place where people put one. The shapes do not look like keys, so that only the place gives them away. */
const shapes: [string, string, ProviderJson][] = [
  [
    "OpenCode's whole configuration",
    "wrapped",
    { $schema: "https://opencode.ai/config.json", provider: { wrapped: compatible({}, { apiKey: "canary" }) } },
  ],
  ["apiKey beside options", "top", compatible({ apiKey: "canary" })],
  [
    "options.authToken",
    "bearer",
    { npm: "@ai-sdk/anthropic", options: { baseURL: address, authToken: "canary" }, models: { m: {} } },
  ],
  ["options.apikey", "small", compatible({}, { apikey: "canary" })],
  ["options.api_key", "snake", compatible({}, { api_key: "canary" })],
  ["options.token", "token", compatible({}, { token: "canary" })],
  ["options.accessToken", "access", compatible({}, { accessToken: "canary" })],
  ["options.fetchOptions.headers", "fetch", compatible({}, { fetchOptions: { headers: { "x-team": "canary" } } })],
  ["options.queryParams", "query", compatible({}, { queryParams: { code: "canary" } })],
  ["key beside options", "key", compatible({ key: "canary" })],
  ["headers beside options", "headers", compatible({ headers: { "x-team": "canary" } })],
  ["a model's options", "model", compatible({ models: { m: { options: { apiKey: "canary" } } } })],
  ["a model's headers", "modelheader", compatible({ models: { m: { headers: { "X-Token": "canary" } } } })],
]
/** Shapes whose key has a place: it is stored sealed, and used. */
const taken = ["wrapped", "bearer", "query"]

async function everythingInClear(): Promise<string> {
  const { rows } = await database.raw("SELECT id, definition::text, notices::text FROM providers")
  const workload = await call(`${sidecar.url}/v1/workload`)
  expect(workload.status).toBe(200)
  const session = broker.published.map(({ change }) => change)
  return JSON.stringify([rows, workload.body, await admin.list(), broker.logged, broker.audited, session])
}

async function ask(id: string, path = "/chat/completions") {
  const before = model.seen.length
  await call(`${sidecar.url}/llm/${id}${path}`, { method: "POST", body: "{}" })
  return model.seen.slice(before).at(-1)
}

describe("a key that is saved at the wrong place", () => {
  it.each(shapes)("as %s never stands anywhere in clear", async (_, id, json) => {
    const saved = await admin.put(actor, id, json).then(
      (view) => JSON.stringify(view),
      (error: unknown) => error,
    )
    if (taken.includes(id)) expect(saved).toContain("%%SECRET%%")
    else expect(saved).toMatchObject({ code: "invalid_request" })
    expect(String(saved)).not.toContain("canary")
    expect(await everythingInClear()).not.toContain("canary")
  })

  it.each([
    ["top", "options.apiKey"],
    ["small", "options.apiKey"],
    ["token", "options.apiKey"],
    ["headers", "options.headers"],
    ["model", "options.apiKey"],
    ["modelheader", "options.headers"],
  ])("is refused (%s) with the place where it belongs", async (id, place) => {
    const [, , json] = shapes.find((shape) => shape[1] === id) ?? ["", "", {}]
    await expect(admin.put(actor, id, json)).rejects.toThrow(place)
  })

  it("is used when its place is known: unwrapped, as a bearer token, as a query parameter", async () => {
    expect((await ask("wrapped"))?.headers.authorization).toBe("Bearer canary")
    const bearer = (await ask("bearer", "/messages"))?.headers
    expect(bearer).toMatchObject({ authorization: "Bearer canary" })
    expect(bearer).not.toHaveProperty("x-api-key")
    expect((await ask("query"))?.url).toBe("/v1/chat/completions?code=canary")
  })
})

describe("what an earlier version has stored in clear", () => {
  it("is sealed or taken out at the start, told to administrators, and reaches no agent", async () => {
    await database.raw("DELETE FROM providers")
    for (const [, id, json] of shapes) {
      await database.raw("INSERT INTO providers (id, definition, updated_by) VALUES (?, ?, 'old')", [
        id,
        JSON.stringify(json),
      ])
    }
    const { vault, audit, log } = broker
    await repairStoredProviders({ database, vault, audit, log })
    expect(await everythingInClear()).not.toContain("canary")
    for (const { id, warnings, faults } of await admin.list()) {
      expect(faults, id).toEqual([])
      expect(warnings.join("\n"), id).toMatch(/replace it at the provider/)
    }
    for (const id of ["wrapped", "top", "bearer"]) {
      const path = id === "bearer" ? "/messages" : "/chat/completions"
      expect((await ask(id, path))?.headers.authorization, id).toBe("Bearer canary")
    }
    expect(broker.logged.filter((line) => line.includes("credentials in clear text"))).toHaveLength(shapes.length)
    expect(broker.audited.filter(({ action }) => action === "provider.repair")).toHaveLength(shapes.length)
  })

  it("is not touched again, and its notice goes when the provider is saved", async () => {
    const before = await database.raw("SELECT * FROM providers ORDER BY id")
    const { vault, audit, log } = broker
    await repairStoredProviders({ database, vault, audit, log })
    expect((await database.raw("SELECT * FROM providers ORDER BY id")).rows).toEqual(before.rows)
    await admin.put(actor, "top", compatible({}, { apiKey: "%%SECRET%%" }))
    expect((await admin.get("top")).warnings).toEqual([])
  })

  it("reaches no agent either while a replica of that version still stores it", async () => {
    const [, , json] = shapes.find(([, id]) => id === "token") ?? ["", "", {}]
    await database.raw("UPDATE providers SET definition = ? WHERE id = 'token'", [JSON.stringify(json)])
    const { body } = await call(`${sidecar.url}/v1/workload`)
    expect(JSON.parse(body).agentConfig.provider).toHaveProperty("token")
    expect(JSON.stringify([body, await admin.list(), broker.logged])).not.toContain("canary")
  })
})
