import { spawn } from "node:child_process"
import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { expect, test } from "vitest"
import { render } from "./support/chart.ts"
import { mainHelm } from "./support/helms.ts"
import { containersOf, podsOf } from "./support/objects.ts"

const helm = await mainHelm()

/** Runs the program of the pod of `helm test`. */
async function smoke(url: string, wait_ms: number): Promise<{ status: number | null; words: string }> {
  const pod = podsOf(await render(helm)).find(({ owner }) => owner === "Pod/berth-test")
  const [container] = pod ? containersOf(pod) : []
  const env = { BERTH_URL: url, BERTH_WAIT_MS: String(wait_ms) }
  const child = spawn(process.execPath, ["-e", String(container?.args?.[0])], { env })
  let words = ""
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    words += text
  })
  const [status] = (await once(child, "close")) as [number | null]
  return { status, words }
}

test("helm test asks again until the control plane can be reached and is ready", async () => {
  let asked = 0
  const server = createServer((request, response) => {
    asked += 1
    if (asked === 1) return request.socket.destroy()
    response.writeHead(asked < 4 ? 503 : 200).end()
  }).listen(0, "127.0.0.1")
  await once(server, "listening")
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/ready`
  try {
    expect(await smoke(url, 60_000)).toEqual({ status: 0, words: `${url} answered 200\n` })
    expect(asked).toBe(4)
  } finally {
    server.close()
  }
})

test("helm test fails and says why when nobody answers", async () => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, "close")
  const url = `http://127.0.0.1:${port}/api/ready`
  expect(await smoke(url, 0)).toEqual({ status: 1, words: `${url}: ECONNREFUSED\n` })
})

test("the pod of helm test fits into a quota that asks for limits, and policies of others", async () => {
  const resources = { requests: { cpu: "1m" }, limits: { cpu: "100m", memory: "64Mi" } }
  const objects = await render(helm, { values: { tests: { resources, podLabels: { team: "platform" } } } })
  const pod = podsOf(objects).find(({ owner }) => owner === "Pod/berth-test")
  expect(pod && containersOf(pod)[0]?.resources).toMatchObject({ limits: resources.limits })
  expect(pod?.labels).toMatchObject({ team: "platform", "app.kubernetes.io/component": "test" })
})
