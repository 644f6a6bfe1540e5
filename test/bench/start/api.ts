import type { IncomingMessage } from "node:http"
import { Agent, request } from "node:https"
import type { V1ObjectMeta } from "@kubernetes/client-node"
import { KubeConfig } from "@kubernetes/client-node"

/** Any Kubernetes object, as far as all of them are alike. */
export interface AnyObject {
  readonly metadata?: V1ObjectMeta
  readonly [field: string]: unknown
}

/** The API server without a process in between: what is measured here would be lost in the start of kubectl. */
export interface Api {
  create(path: string, object: object): Promise<void>
  read(path: string): Promise<unknown>
  /** Deletes at once; nothing to delete is fine. */
  remove(path: string): Promise<void>
  /** Calls `seen` with every object of a collection that is made or changed, the moment it is told. */
  watch(path: string, seen: (object: AnyObject) => void, signal: AbortSignal): Promise<void>
}

/** @param kubeconfig path of an administrator's file with client certificates */
export function createApi(kubeconfig: string): Api {
  const config = new KubeConfig()
  config.loadFromFile(kubeconfig)
  const [cluster, user] = [config.getCurrentCluster(), config.getCurrentUser()]
  if (!cluster?.caData || !user?.certData || !user.keyData) throw new Error(`${kubeconfig} holds no client certificate`)
  const decode = (text: string) => Buffer.from(text, "base64")
  const identity = { ca: decode(cluster.caData), cert: decode(user.certData), key: decode(user.keyData) }
  const agent = new Agent({ ...identity, keepAlive: true })

  const send = (method: string, path: string, body?: object, signal?: AbortSignal): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const headers = { accept: "application/json", "content-type": "application/json" }
      const options = { method, agent, headers, ...(signal ? { signal } : {}) }
      const call = request(cluster.server + path, options, resolve)
      call.once("error", reject)
      call.end(body === undefined ? undefined : JSON.stringify(body))
    })

  const ask = async (method: string, path: string, body?: object) => {
    const response = await send(method, path, body)
    const chunks: Buffer[] = []
    for await (const chunk of response) chunks.push(chunk)
    const value: unknown = JSON.parse(Buffer.concat(chunks).toString("utf8"))
    const status = response.statusCode ?? 0
    if (status >= 200 && status < 300) return value
    if (method === "DELETE" && status === 404) return undefined
    throw new Error(`${method} ${path}: ${status} ${JSON.stringify(value).slice(0, 400)}`)
  }

  return {
    create: async (path, object) => void (await ask("POST", path, object)),
    read: (path) => ask("GET", path),
    remove: async (path) => void (await ask("DELETE", `${path}?gracePeriodSeconds=0&propagationPolicy=Background`)),
    watch: async (path, seen, signal) => {
      // Version 0 is what the API server has in memory. Without it the watch waits for etcd to confirm how fresh that is,
      // which etcd 3.4 cannot do, and fails after 3 s.
      const response = await send("GET", `${path}?watch=true&resourceVersion=0`, undefined, signal)
      if (response.statusCode !== 200) throw new Error(`watching ${path}: status ${response.statusCode}`)
      void follow(response, seen).catch((error: unknown) => {
        if (!signal.aborted) console.error(`watching ${path}:`, error)
      })
    },
  }
}

async function follow(response: IncomingMessage, seen: (object: AnyObject) => void): Promise<void> {
  let rest = ""
  for await (const chunk of response.setEncoding("utf8")) {
    const lines = (rest + chunk).split("\n")
    rest = lines.pop() ?? ""
    for (const line of lines) {
      const { type, object } = JSON.parse(line) as { type: string; object: AnyObject }
      if (type === "ERROR") throw new Error(JSON.stringify(object))
      if (type !== "DELETED") seen(object)
    }
  }
}
