import type { V1Pod } from "@kubernetes/client-node"
import { afterAll, beforeAll, expect, test } from "vitest"
import { removeScratch, scratchDirectory } from "../../support/scratch.ts"
import { createCleanup } from "../support/cleanup.ts"
import { type Installation, openInstallation } from "../support/installation.ts"
import { openRelease, type Release } from "../support/release.ts"

// An authenticating proxy in the control plane's own pod: what it says about its visitors counts, and nobody else can
// say it, because the control plane listens on loopback.

const namespace = "berth-e2e-proxy"
const header = "X-Forwarded-Email"

/** As small as such a proxy can be: believes the name of Basic authentication, and hands its visitor's address on. */
const proxy = `
const { createServer, request } = require("node:http")
createServer((incoming, answer) => {
  const [, token = ""] = (incoming.headers.authorization ?? "").split("Basic ")
  const [name] = Buffer.from(token, "base64").toString().split(":")
  if (!name) return answer.writeHead(401, { "www-authenticate": "Basic" }).end()
  const { authorization, ...headers } = incoming.headers
  delete headers["${header.toLowerCase()}"]
  headers["${header.toLowerCase()}"] = name + "@example.com"
  const { method, url: path } = incoming
  const onward = request({ host: "127.0.0.1", port: 8080, method, path, headers }, (inner) => {
    answer.writeHead(inner.statusCode, inner.headers)
    inner.pipe(answer)
  })
  onward.on("error", () => answer.destroy())
  incoming.pipe(onward)
}).listen(4180)
`

const cleanup = createCleanup()
let installation: Installation
let release: Release
beforeAll(async () => {
  installation = await openInstallation()
  const directory = scratchDirectory("auth-proxy")
  cleanup.add(() => removeScratch(directory))
  cleanup.add(() => release?.remove())
  release = await openRelease(installation, namespace, directory)
  // It has Node, and the node has it.
  const image = await installation.kube.kubectl([
    ...["--namespace", installation.namespace, "get", "deployment", "berth"],
    ...["-o", "jsonpath={.spec.template.spec.containers[0].image}"],
  ])
  await release.install([
    release.coordinates,
    {
      controlPlane: { insecureHttp: true, host: "127.0.0.1" },
      headerAuth: { enabled: true, email: { header } },
      authProxy: {
        enabled: true,
        container: {
          image,
          command: ["node", "-e", proxy],
          resources: { requests: { cpu: "10m", memory: "32Mi" } },
        },
      },
    },
  ])
})
afterAll(cleanup.run)

// A kept connection may be closed by its other end just when the next request goes out.
const connection = "close"
const ask = (headers: Record<string, string>) =>
  fetch(`http://${release.address}/api/me`, { headers: { ...headers, connection } })
const as = (name: string) => ({ authorization: `Basic ${Buffer.from(`${name}:any`).toString("base64")}` })

test("people are whom the proxy says, and its own refusals are its own", async () => {
  expect((await ask({})).status).toBe(401)
  const me = await ask(as("ann"))
  expect(await me.json()).toMatchObject({ email: "ann@example.com", method: "header", role: "member" })
  const claimed = await ask({ ...as("ann"), [header]: "admin@example.com" })
  expect(await claimed.json()).toMatchObject({ email: "ann@example.com" })
})

test("nobody reaches the control plane beside the proxy", async () => {
  const pods = JSON.parse(await release.kubectl("get", "pods", "-o", "json")) as { items: V1Pod[] }
  const addresses = pods.items.flatMap(({ metadata, status }) =>
    metadata?.labels?.["app.kubernetes.io/component"] === "control-plane" && status?.podIP ? [status.podIP] : [],
  )
  expect(addresses.length).toBeGreaterThan(0)
  for (const address of addresses) {
    const limit = AbortSignal.timeout(60_000)
    const direct = fetch(`http://${address}:8080/api/me`, { headers: { [header]: "admin@example.com" }, signal: limit })
    await expect(direct).rejects.toMatchObject({ cause: { code: "ECONNREFUSED" } })
    // The same pod does answer from here, through its proxy: that its address is no name of the installation.
    const { status } = await fetch(`http://${address}:4180/api/me`, { headers: { ...as("ann"), connection } })
    expect(status).toBe(403)
  }
})

test("helm test asks where it is let in", async () => {
  expect(await release.helm("test", ["--timeout", "8m"])).toMatch(/Phase:\s+Succeeded/)
})
