import { describe, expect, it, onTestFinished } from "vitest"
import { call } from "../../../../test/support/broker/call.ts"
import { startHarness } from "../../../../test/support/broker/harness.ts"
import { startModelServer } from "../../../../test/support/broker/model-server.ts"
import { startSidecar } from "../../../../test/support/broker/sidecar.ts"
import { startAgent } from "../../../../test/support/opencode.ts"

const model = await startModelServer()
const options = { baseURL: `${model.url}/v1` }
/** Each of them alone would end every agent at its start. */
const bad: Record<string, unknown> = {
  "no-output": { options, models: { m: { limit: { context: 131_072 } } } },
  "list-of-models": { options, models: ["m"] },
  "empty-model": { options, models: { m: null } },
  "limit-in-words": { options, models: { m: { limit: { context: "128k", output: 4096 } } } },
}
const broker = await startHarness({
  file: {
    agent: { model: "no-output/m", smallModel: "good/m" },
    providers: { good: { options, models: { m: { limit: { context: 32_768, output: 4096 } } } } },
  },
})
const { admin, database } = broker
for (const [id, json] of Object.entries(bad)) {
  await database.raw("INSERT INTO providers (id, definition, updated_by) VALUES (?, ?, 'old')", [
    id,
    JSON.stringify(json),
  ])
}
const session = await broker.addSession()
const sidecar = await startSidecar(broker, session)
const setup = async () => JSON.parse((await call(`${sidecar.url}/v1/workload`)).body).agentConfig

describe("stored providers that OpenCode would not start with", () => {
  it("are left out of every session, and the others work in the real agent", async () => {
    const config = await setup()
    expect(Object.keys(config.provider)).toEqual(["good"])
    expect(config).toMatchObject({ enabled_providers: ["good"], model: "good/m", small_model: "good/m" })
    const agent = await startAgent({
      config: JSON.parse(JSON.stringify(config).replaceAll("http://127.0.0.1:7070", sidecar.url)),
    })
    onTestFinished(() => agent.stop())
    const authorization = `Basic ${Buffer.from(`opencode:${agent.target.password.reveal()}`).toString("base64")}`
    const answer = await fetch(`${agent.target.baseUrl}/config/providers`, { headers: { authorization } })
    const { providers } = (await answer.json()) as { providers: { id: string }[] }
    expect(providers.map(({ id }) => id)).toEqual(["good"])
  })

  it("show administrators what OpenCode would have said", async () => {
    const faults = Object.fromEntries((await admin.list()).map((provider) => [provider.id, provider.faults]))
    expect(faults).toEqual({
      good: [],
      "no-output": ["providers.no-output.models.m.limit.output: Missing key"],
      "list-of-models": ["providers.list-of-models.models: Expected object, got a list"],
      "empty-model": ["providers.empty-model.models.m: Expected object, got null"],
      "limit-in-words": ["providers.limit-in-words.models.m.limit.context: Expected a whole number, got a text"],
    })
  })

  it("are named in the session, each once however often the pod asks", async () => {
    for (let times = 0; times < 5; times++) await setup()
    const notices = broker.published.filter(({ id }) => id === session.id).map(({ change }) => change)
    expect(notices).toHaveLength(Object.keys(bad).length)
    expect(notices).toContainEqual({
      type: "notice",
      level: "error",
      code: "provider_left_out",
      message:
        'The model provider "no-output" is left out of this session: providers.no-output.models.m.limit.output: ' +
        "Missing key. An administrator can correct it.",
    })
    expect(broker.logged.filter((line) => line.includes("stored model provider left out"))).toHaveLength(4)
  })

  it("are refused by the gateway in words, and are back as soon as they are right", async () => {
    const ask = () => call(`${sidecar.url}/llm/no-output/chat/completions`, { method: "POST", body: "{}" })
    expect(await ask()).toMatchObject({ status: 500, body: expect.stringContaining("is not usable") })
    const actor = { userId: "usr_1", email: "admin@example.com" }
    const limit = { context: 131_072, output: 8192 }
    await admin.put(actor, "no-output", { options, models: { m: { limit } } })
    expect((await ask()).status).toBe(200)
    expect(Object.keys((await setup()).provider)).toEqual(["good", "no-output"])
  })
})
