import { createServer, type RequestListener, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { afterEach, describe, expect, it } from "vitest"
import { createSidecarClient } from "./sidecar.ts"

let server: Server | undefined
afterEach(() => server?.close())

async function clientOf(handler: RequestListener) {
  server = createServer(handler)
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve))
  let now = 0
  const sleep = async (ms: number) => {
    now += ms
  }
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { client: createSidecarClient({ url, now: () => now, sleep }), elapsed: () => now }
}

describe("asking whom the pod works for", () => {
  it("goes on through a broker that restarts and a workload that is not bound yet", async () => {
    const answers = [502, 503, 403, 204, 204, 200]
    const { client } = await clientOf((_, response) => {
      const status = answers.shift() ?? 200
      response.writeHead(status).end(status === 204 ? undefined : '{"session":"ses_1"}')
    })
    expect(await client.binding()).toEqual({ session: "ses_1" })
    expect(answers).toEqual([])
  })

  it("ends when the broker refuses this pod for longer than its view of the cluster can be behind", async () => {
    const { client, elapsed } = await clientOf((_, response) => {
      response.writeHead(403).end('{"error":{"code":"forbidden","message":"This session was deleted."}}')
    })
    await expect(client.binding()).rejects.toMatchObject({
      code: "broker_refused",
      message: expect.stringContaining("was deleted"),
    })
    expect(elapsed()).toBeLessThan(15_000)
  })

  it("ends when the broker does not answer for a minute", async () => {
    const { client, elapsed } = await clientOf((_, response) => void response.writeHead(502).end("no"))
    await expect(client.binding()).rejects.toMatchObject({ code: "broker_unreachable" })
    expect(elapsed()).toBeGreaterThanOrEqual(60_000)
  })

  it("waits for the sidecar to come up, but not for ever", async () => {
    let now = 0
    const sleep = async (ms: number) => {
      now += ms
    }
    const client = createSidecarClient({ url: "http://127.0.0.1:1", now: () => now, sleep })
    await expect(client.binding()).rejects.toMatchObject({ code: "broker_unreachable" })
    expect(await client.report({ phase: "failed" })).toBe(false)
  })
})

describe("asking for the tokens of the agent's environment", () => {
  it("goes on while a helper's own source is not there yet, as a cloud's metadata server in a new pod", async () => {
    const answers = [502, 502, 200]
    const { client } = await clientOf((_, response) => {
      const status = answers.shift() ?? 500
      response.writeHead(status).end(status === 200 ? '{"TOKEN":"t"}' : '{"error":{"message":"not yet"}}')
    })
    expect(await client.environment()).toEqual({ TOKEN: "t" })
    expect(answers).toEqual([])
  })

  it("ends with the helper's fault when that stays", async () => {
    const { client, elapsed } = await clientOf((_, response) => {
      response.writeHead(502).end('{"error":{"message":"the auth helper x printed nothing"}}')
    })
    await expect(client.environment()).rejects.toMatchObject({
      code: "helper_failed",
      message: "the auth helper x printed nothing",
    })
    expect(elapsed()).toBe(10_000)
  })
})
