import { describe, expect, it } from "vitest"
import { call } from "../../../test/support/broker/call.ts"
import { startHarness } from "../../../test/support/broker/harness.ts"
import { startModelServer } from "../../../test/support/broker/model-server.ts"
import { startSidecar } from "../../../test/support/broker/sidecar.ts"

const model = await startModelServer()
const broker = await startHarness({
  file: { providers: { demo: { options: { baseURL: `${model.url}/values`, headers: { "x-team": "canary-team" } } } } },
  providerKeys: { demo: "sk-canary-of-the-values" },
})
const { admin } = broker
const actor = { userId: "usr_1", email: "admin@example.com" }
const session = await broker.addSession()
const sidecar = await startSidecar(broker, session)

const provider = (options: Record<string, unknown>) => ({
  npm: "@ai-sdk/openai-compatible",
  name: "Ours",
  options,
  models: { m: {} },
})

async function ask(id: string) {
  const before = model.seen.length
  const answer = await call(`${sidecar.url}/llm/${id}/chat/completions`, { method: "POST", body: "{}" })
  return { status: answer.status, seen: model.seen.slice(before).at(-1) }
}

describe("a provider that an administrator stores", () => {
  it("is in force with its key on the next request, and its secrets come back as placeholders", async () => {
    const json = provider({ baseURL: `${model.url}/v1`, apiKey: "sk-canary-1", headers: { "x-org": "canary-org" } })
    const view = await admin.put(actor, "ours", json)
    expect(view).toMatchObject({ id: "ours", source: "database", updatedBy: "admin@example.com" })
    expect(view.definition["options"]).toEqual({
      baseURL: `${model.url}/v1`,
      apiKey: "%%SECRET%%",
      headers: { "x-org": "%%SECRET%%" },
    })
    expect((await ask("ours")).seen).toMatchObject({
      url: "/v1/chat/completions",
      headers: { authorization: "Bearer sk-canary-1", "x-org": "canary-org" },
    })
    const { body } = await call(`${sidecar.url}/v1/workload`)
    expect(JSON.parse(body).agentConfig.provider.ours.options).toMatchObject({
      baseURL: "http://127.0.0.1:7070/llm/ours",
    })
    expect(body).not.toContain("canary")
  })

  it("keeps what is sent back as a placeholder, and replaces what is not", async () => {
    await admin.put(actor, "kept", provider({ baseURL: `${model.url}/v1`, apiKey: "sk-canary-2", headers: { a: "1" } }))
    const again = provider({ baseURL: `${model.url}/v2`, apiKey: "%%SECRET%%", headers: { a: "2" } })
    await admin.put(actor, "kept", again)
    expect((await ask("kept")).seen).toMatchObject({
      url: "/v2/chat/completions",
      headers: { authorization: "Bearer sk-canary-2", a: "2" },
    })
  })

  it("does not take its stored key to another host", async () => {
    await admin.put(actor, "moved", provider({ baseURL: `${model.url}/v1`, apiKey: "sk-canary-3" }))
    const elsewhere = provider({ baseURL: "https://collector.example.com/v1", apiKey: "%%SECRET%%" })
    await expect(admin.put(actor, "moved", elsewhere)).rejects.toThrow("give options.apiKey again")
    await admin.put(actor, "moved", provider({ baseURL: "https://new.example.com/v1", apiKey: "sk-new" }))
  })

  it("replaces one of the values as a whole: the values' key does not go to its address", async () => {
    expect((await ask("demo")).seen?.headers.authorization).toBe("Bearer sk-canary-of-the-values")
    await admin.put(actor, "demo", provider({ baseURL: `${model.url}/replaced` }))
    const { seen } = await ask("demo")
    expect(seen?.url).toBe("/replaced/chat/completions")
    expect(seen?.headers.authorization).toBeUndefined()
    await admin.remove(actor, "demo")
    expect((await ask("demo")).seen?.headers.authorization).toBe("Bearer sk-canary-of-the-values")
    await expect(admin.remove(actor, "demo")).rejects.toThrow("installation's values")
  })

  it("is gone on the next request after it was removed", async () => {
    await admin.put(actor, "short", provider({ baseURL: `${model.url}/v1`, apiKey: "sk-canary-4" }))
    expect((await ask("short")).status).toBe(200)
    await admin.remove(actor, "short")
    expect((await ask("short")).status).toBe(404)
    await expect(admin.get("short")).rejects.toMatchObject({ code: "not_found" })
  })

  it("is refused with every fault at once, without its key in the message", async () => {
    const wrong = admin.put(actor, "bad", {
      npm: "@ai-sdk/unheard-of",
      options: { baseURL: "ftp://x", apiKey: "sk-canary\n" },
    })
    await expect(wrong).rejects.toMatchObject({
      code: "invalid_request",
      details: { faults: expect.arrayContaining([]) },
    })
    await expect(wrong).rejects.not.toThrow(/canary/)
    await expect(admin.put(actor, "bad", provider({ baseURL: model.url, apiKey: "%%SECRET%%" }))).rejects.toThrow(
      "nothing is stored",
    )
  })

  it("can be tried; the provider's words come back without the key", async () => {
    await admin.put(actor, "tried", provider({ baseURL: `${model.url}/v1`, apiKey: "sk-canary-5" }))
    model.behave((_, response) => void response.end('{"data":[]}'))
    expect(await admin.test("tried")).toEqual({
      ok: true,
      verdict: "works",
      status: 200,
      message: "The provider answers.",
    })
    expect(model.seen.at(-1)).toMatchObject({
      method: "GET",
      url: "/v1/models",
      headers: { authorization: "Bearer sk-canary-5" },
    })
    model.behave((request, response) => void response.writeHead(401).end(`wrong key: ${request.headers.authorization}`))
    expect(await admin.test("tried")).toEqual({
      ok: false,
      verdict: "fails",
      status: 401,
      message: "wrong key: Bearer [REDACTED]",
    })
    await admin.put(actor, "inside", provider({ baseURL: "http://10.0.0.1/v1" }))
    expect(await admin.test("inside")).toMatchObject({
      ok: false,
      status: null,
      message: expect.stringContaining("private address"),
    })
    await admin.remove(actor, "inside")
  })

  it("is listed beside those of the values; nothing of it is in the database, the log or the audit log in plain", async () => {
    const listed = await admin.list()
    expect(listed.map(({ id, source }) => `${id} ${source}`)).toEqual([
      "demo values",
      "kept database",
      "moved database",
      "ours database",
      "tried database",
    ])
    const { rows } = await broker.database.raw(
      "SELECT definition::text, encode(secrets_sealed, 'escape') AS sealed FROM providers",
    )
    const everything = JSON.stringify([listed, rows, broker.audited, broker.logged])
    expect(everything).not.toContain("canary")
    expect(broker.audited).toContainEqual(
      expect.objectContaining({ action: "provider.update", actor: "admin@example.com", facts: { provider: "kept" } }),
    )
  })
})
