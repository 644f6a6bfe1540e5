import { readFileSync } from "node:fs"
import { type createServer as createPlainServer, request } from "node:http"
import { createServer as createTlsServer } from "node:https"
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net"
import { networkInterfaces } from "node:os"
import type { V1Node } from "@kubernetes/client-node"
import type { Kube } from "./kube.ts"

/** Files of a server's certificate. */
export interface TlsFiles {
  readonly certFile: string
  readonly keyFile: string
}

type Handler = Parameters<typeof createPlainServer>[1]

export interface Listening {
  readonly port: number
  close(): Promise<void>
}

/** An address of this machine that pods reach: the node's own where the node is this machine. */
export async function hostAddress(kube: Kube): Promise<string> {
  const own = Object.values(networkInterfaces()).flatMap((addresses = []) =>
    addresses.filter(({ family, internal }) => family === "IPv4" && !internal).map(({ address }) => address),
  )
  const nodes = await kube.list<V1Node>("nodes")
  const addresses = nodes.flatMap(({ status }) => status?.addresses?.map(({ address }) => address) ?? [])
  const found = addresses.find((address) => own.includes(address)) ?? own[0]
  if (found === undefined) throw new Error("this machine has no address that pods could reach")
  return found
}

/** Gives a port of this machine a name in the cluster: `<name>.<namespace>.svc:<port>`. */
export async function exposeToPods(
  kube: Kube,
  service: { namespace: string; name: string; port: number; address: string; targetPort: number },
): Promise<void> {
  const { namespace, name, port, address, targetPort } = service
  const metadata = { namespace, name }
  await kube.apply({
    apiVersion: "v1",
    kind: "Service",
    metadata,
    spec: { ports: [{ name: "main", port, targetPort }] },
  })
  await kube.apply({
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { ...metadata, labels: { "kubernetes.io/service-name": name } },
    addressType: "IPv4",
    endpoints: [{ addresses: [address], conditions: { ready: true } }],
    ports: [{ name: "main", port: targetPort, protocol: "TCP" }],
  })
}

/** Passes connections to `address` on to a port of 127.0.0.1. */
export async function relay(address: string, targetPort: number): Promise<Listening> {
  return await listen(createServer(passOn({ host: "127.0.0.1", port: targetPort })), address)
}

/** What to do with a connection so that its bytes go to and come from elsewhere: a port or a Unix socket. */
export function passOn(target: { host: string; port: number } | { path: string }): (incoming: Socket) => void {
  return (incoming) => {
    const outgoing = connect(target)
    incoming.pipe(outgoing).pipe(incoming)
    // Either end may go away at any time; the other one then follows.
    incoming.on("error", () => outgoing.destroy())
    outgoing.on("error", () => incoming.destroy())
  }
}

/** Serves HTTP over TLS. */
export async function serveTls(tls: TlsFiles, address: string, handler: Handler): Promise<Listening> {
  const pair = { cert: readFileSync(tls.certFile), key: readFileSync(tls.keyFile) }
  return await listen(createTlsServer(pair, handler), address)
}

/** Ends TLS in front of a plain HTTP server, as an ingress does. @param target `host:port` */
export function proxyTo(target: string): NonNullable<Handler> {
  const [host, port] = target.split(":")
  return (incoming, answer) => {
    const { method, url: path, headers } = incoming
    // A connection that is kept would lead to the same pod for as long as that one drains.
    const onward = request({ host, port, method, path, headers, agent: false }, (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers)
      response.pipe(answer)
    })
    onward.on("error", () => answer.destroy())
    answer.on("close", () => onward.destroy())
    incoming.pipe(onward)
  }
}

/** Listens on a free port of `address`; closing cuts open connections. */
export async function listen(server: Server, address: string): Promise<Listening> {
  const open = new Set<Socket>()
  server.on("connection", (socket: Socket) => {
    open.add(socket)
    socket.once("close", () => open.delete(socket))
  })
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject)
    server.listen(0, address, resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      for (const socket of open) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
