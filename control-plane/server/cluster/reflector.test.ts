import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { KubeConfig, type V1Pod } from "@kubernetes/client-node"
import { pino } from "pino"
import { afterEach, describe, expect, it, vi } from "vitest"
import { systemClock } from "../time/index.ts"
import { createCluster } from "./index.ts"
import type { Cluster } from "./types.ts"

const patience = { timeout: 60_000, interval: 5 }
const limits = { backoffMin_ms: 5, backoffMax_ms: 20, idle_ms: 100, listPage: 2 }

type Handler = (url: URL, response: ServerResponse, request: IncomingMessage) => void

/** An API server that misbehaves on demand: its faults are what the real one cannot be made to show. */
class Faulty {
  readonly server = createServer((request, response) => this.#answer(request, response))
  objects = new Map<string, V1Pod>()
  version = 100
  lists = 0
  readonly watchedFrom: string[] = []
  readonly watches = new Set<ServerResponse>()
  onList: Handler | null = null
  onWatch: Handler | null = null

  async listen(): Promise<KubeConfig> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve))
    const { port } = this.server.address() as AddressInfo
    const config = new KubeConfig()
    const cluster = { name: "c", server: `http://127.0.0.1:${port}`, skipTLSVerify: true }
    config.loadFromClusterAndUser(cluster, { name: "u", token: "t" })
    return config
  }

  send(type: string, object: object): void {
    for (const watch of this.watches) watch.write(`${JSON.stringify({ type, object })}\n`)
  }

  put(name: string): void {
    const pod = this.pod(name)
    this.objects.set(name, pod)
    this.send("ADDED", pod)
  }

  pod(name: string): V1Pod {
    const labels = { "berth.dev/workload": name }
    return { metadata: { name, uid: name, labels, resourceVersion: String(++this.version) } }
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? "/", "http://x")
    if (!url.pathname.endsWith("/pods")) return void response.end(JSON.stringify({ metadata: {}, items: [] }))
    response.setHeader("content-type", "application/json")
    if (url.searchParams.get("watch") !== "true") return this.#list(url, response, request)
    this.watchedFrom.push(url.searchParams.get("resourceVersion") ?? "")
    if (this.onWatch !== null) return this.onWatch(url, response, request)
    this.watches.add(response)
    response.on("close", () => this.watches.delete(response))
    response.flushHeaders()
  }

  #list(url: URL, response: ServerResponse, request: IncomingMessage): void {
    this.lists += 1
    if (this.onList !== null) return this.onList(url, response, request)
    const from = Number(url.searchParams.get("continue") ?? 0)
    const all = [...this.objects.values()]
    const end = from + Number(url.searchParams.get("limit"))
    const metadata = { resourceVersion: String(this.version), ...(end < all.length ? { continue: String(end) } : {}) }
    response.end(JSON.stringify({ metadata, items: all.slice(from, end) }))
  }
}

let faulty = new Faulty()
let cluster: Cluster | undefined

async function start(more: Partial<typeof limits> = {}): Promise<Cluster> {
  const kubeConfig = await faulty.listen()
  const config = { file: { release: "berth", sessionNamespace: "sessions" } }
  cluster = createCluster({
    config,
    kubeConfig,
    log: pino({ level: "silent" }),
    clock: systemClock,
    limits: { ...limits, idle_ms: 60_000, ...more },
  })
  await cluster.start()
  return cluster
}

const names = () => cluster?.pods.all().map((pod) => pod.metadata?.name)
const watching = () => vi.waitFor(() => expect(faulty.watches.size).toBe(1), patience)

afterEach(async () => {
  await cluster?.stop()
  faulty.server.closeAllConnections()
  faulty.server.close()
  faulty = new Faulty()
})

describe("a view of the cluster", () => {
  it("is complete after the start, over several pages, and follows every change", async () => {
    for (const name of ["a", "b", "c", "d", "e"]) faulty.objects.set(name, faulty.pod(name))
    const { pods } = await start()
    expect(names()).toEqual(["a", "b", "c", "d", "e"])
    await watching()
    faulty.put("f")
    faulty.send("DELETED", faulty.pod("a"))
    await vi.waitFor(() => expect(names()).toEqual(["b", "c", "d", "e", "f"]), patience)
    expect(pods.byLabel("berth.dev/workload", "f").map((pod) => pod.metadata?.name)).toEqual(["f"])
    expect(pods.byLabel("berth.dev/workload", "a")).toEqual([])
  })

  it("goes on from the last version when a watch is dropped, without a new list", async () => {
    await start()
    await watching()
    faulty.send("BOOKMARK", { metadata: { resourceVersion: "777" } })
    await vi.waitFor(() => expect(faulty.lists).toBe(1), patience)
    const [watch] = faulty.watches
    watch?.write("", () => watch.destroy())
    await vi.waitFor(() => expect(faulty.watchedFrom.at(-1)).toBe("777"), patience)
    expect(faulty.lists).toBe(1)
    await watching()
    faulty.put("late")
    await vi.waitFor(() => expect(names()).toEqual(["late"]), patience)
  })

  it("lists again when its version is gone, told as an event", async () => {
    await start()
    await watching()
    faulty.objects.set("missed", faulty.pod("missed"))
    faulty.send("ERROR", { kind: "Status", code: 410, reason: "Expired", message: "too old resource version" })
    await vi.waitFor(() => expect(names()).toEqual(["missed"]), patience)
    expect(faulty.lists).toBe(2)
  })

  it("lists again when its version is gone, told as a status", async () => {
    faulty.onWatch = (_url, response) => {
      faulty.onWatch = null
      faulty.objects.set("missed", faulty.pod("missed"))
      response.writeHead(410).end("{}")
    }
    await start()
    await vi.waitFor(() => expect(names()).toEqual(["missed"]), patience)
  })

  it("takes a watch without a sign of life for dead", async () => {
    await start({ idle_ms: 60 })
    await vi.waitFor(() => expect(faulty.watchedFrom.length).toBeGreaterThan(2), patience)
    expect(faulty.lists).toBe(1)
  })

  it.each([429, 500, 503, 403, 401])("outlives answers of %i to lists and watches", async (status) => {
    let refusals = 0
    const refuse: Handler = (_url, response) => {
      refusals += 1
      if (refusals >= 3) faulty.onList = faulty.onWatch = null
      response.writeHead(status).end(JSON.stringify({ kind: "Status", code: status }))
    }
    faulty.onList = refuse
    await start()
    faulty.onWatch = refuse
    refusals = 1
    for (const watch of faulty.watches) watch.destroy()
    await vi.waitFor(() => expect(faulty.onWatch).toBeNull(), patience)
    await watching()
    faulty.put("after")
    await vi.waitFor(() => expect(names()).toEqual(["after"]), patience)
  })

  it("takes a broken line for a broken watch, and objects cut in the middle of a character for whole", async () => {
    await start()
    await watching()
    const line = Buffer.from(`${JSON.stringify({ type: "ADDED", object: faulty.pod("käse") })}\n`)
    const cut = line.indexOf(0xc3) + 1
    const [watch] = faulty.watches
    watch?.write(line.subarray(0, cut), () => watch.write(line.subarray(cut)))
    await vi.waitFor(() => expect(names()).toEqual(["käse"]), patience)
    watch?.write("{broken\n")
    await vi.waitFor(() => expect(faulty.watchedFrom.length).toBe(2), patience)
  })

  it("tells listeners of each change, of everything after a list, and survives one that throws", async () => {
    const { pods } = await start()
    await watching()
    const heard: (string | null | undefined)[] = []
    pods.onChange(() => {
      throw new Error("broken listener")
    })
    pods.onChange((pod) => heard.push(pod === null ? null : pod.metadata?.name))
    faulty.put("a")
    await vi.waitFor(() => expect(heard).toEqual(["a"]), patience)
    faulty.send("ERROR", { code: 410 })
    await vi.waitFor(() => expect(heard).toEqual(["a", null]), patience)
  })

  it("ends when stopped, also in the middle of a pause between tries", async () => {
    await start()
    await watching()
    faulty.onWatch = (_url, response) => response.writeHead(500).end()
    for (const watch of faulty.watches) watch.destroy()
    await vi.waitFor(() => expect(faulty.watchedFrom.length).toBeGreaterThan(1), patience)
    await cluster?.stop()
    const asked = faulty.watchedFrom.length
    faulty.server.closeAllConnections()
    expect(faulty.watchedFrom.length).toBe(asked)
  })
})
