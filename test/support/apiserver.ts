import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { stringify } from "yaml"
import { ensureDebianPackages, ensureTools } from "../../dev/tools/index.ts"
import { createRun, type RunOptions } from "../../scripts/lib/run.ts"
import { until } from "../../scripts/lib/wait.ts"
import { type Guarded, type GuardedOptions, startGuarded } from "./guarded.ts"
import { base64Of, createPki, type Pki } from "./pki.ts"
import { freePort, removeScratch, scratchDirectory } from "./scratch.ts"

const serviceRange = "10.97.0.0/16"
const issuer = "https://kubernetes.default.svc.cluster.local"
const start_timeout_ms = 180_000

export interface ApiServer {
  /** File of an administrator. */
  readonly kubeconfig: string
  readonly url: string
  /** The authority's certificate as PEM. */
  readonly ca: string
  /** Process id of kube-apiserver, for faults by signal. */
  readonly pid: number
  /** Runs kubectl as administrator and answers its stdout; a failure carries its last words. */
  kubectl(args: string[], options?: RunOptions): Promise<string>
  stop(): Promise<void>
}

export interface ApiServerOptions {
  /** Also run kube-controller-manager: StatefulSets make pods, owners take their objects with them. Default false. */
  readonly controllers?: boolean
}

/**
 * Starts a real kube-apiserver with a real etcd behind it, on free ports of 127.0.0.1, with RBAC and Pod Security on.
 * No node: pods are stored and stay Pending. Both end with this process at the latest. Builds what is missing.
 */
export async function startApiServer(options: ApiServerOptions = {}): Promise<ApiServer> {
  const run = createRun(() => {})
  await ensureDebianPackages(["etcd-server"], { run, say: (text) => process.stderr.write(`${text}\n`) })
  const tools = await ensureTools([
    "kube-apiserver",
    "kubectl",
    ...(options.controllers ? (["kube-controller-manager"] as const) : []),
  ])
  const directory = scratchDirectory("apiserver")
  const started: Guarded[] = []
  const start = (name: string, command: string, flags: Record<string, string | number | boolean>) => {
    const args = Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`)
    const process: GuardedOptions = { command, args, logFile: join(directory, `${name}.log`), endSignal: "TERM" }
    const guarded = startGuarded(process)
    started.push(guarded)
    return guarded
  }
  const stop = async () => {
    for (const one of started.toReversed()) await one.stop()
    removeScratch(directory)
  }
  try {
    const pki = await createPki(join(directory, "pki"))
    const ports = { etcd: await freePort(), peer: await freePort(), api: await freePort() }
    start("etcd", "etcd", etcdFlags(directory, ports))
    const server = start("kube-apiserver", tools["kube-apiserver"], apiFlags(pki, ports))
    const url = `https://127.0.0.1:${ports.api}`
    const kubeconfig = writeKubeconfig(directory, url, pki)
    const kubectl: ApiServer["kubectl"] = (args, given) =>
      run(tools.kubectl, args, { ...given, env: { ...given?.env, KUBECONFIG: kubeconfig } })
    await ready(kubectl, started)
    if (options.controllers && "kube-controller-manager" in tools) {
      start("kube-controller-manager", tools["kube-controller-manager"], await controllerFlags(pki, kubeconfig))
    }
    return { kubeconfig, url, ca: readFileSync(pki.authority.certFile, "utf8"), pid: server.pid, kubectl, stop }
  } catch (error) {
    const logs = started.map((one) => one.lastLines()).join("\n---\n")
    await stop()
    throw new Error(`the API server did not start:\n${logs}`, { cause: error })
  }
}

function etcdFlags(directory: string, ports: { etcd: number; peer: number }) {
  const client = `http://127.0.0.1:${ports.etcd}`
  const peer = `http://127.0.0.1:${ports.peer}`
  return {
    "data-dir": join(directory, "etcd"),
    "unsafe-no-fsync": true,
    "listen-client-urls": client,
    "advertise-client-urls": client,
    "listen-peer-urls": peer,
    "initial-advertise-peer-urls": peer,
    "initial-cluster": `default=${peer}`,
  }
}

function apiFlags(pki: Pki, ports: { etcd: number; api: number }) {
  return {
    "etcd-servers": `http://127.0.0.1:${ports.etcd}`,
    "bind-address": "127.0.0.1",
    "advertise-address": "127.0.0.1",
    // The address it would publish for the `kubernetes` Service may not be a loopback one.
    "endpoint-reconciler-type": "none",
    "secure-port": ports.api,
    "client-ca-file": pki.authority.certFile,
    "tls-cert-file": pki.server.certFile,
    "tls-private-key-file": pki.server.keyFile,
    "service-account-issuer": issuer,
    "service-account-key-file": pki.accounts.publicFile,
    "service-account-signing-key-file": pki.accounts.privateFile,
    "service-cluster-ip-range": serviceRange,
    "authorization-mode": "RBAC",
    "enable-priority-and-fairness": false,
  }
}

async function controllerFlags(pki: Pki, kubeconfig: string) {
  return {
    kubeconfig,
    "bind-address": "127.0.0.1",
    "secure-port": await freePort(),
    "service-account-private-key-file": pki.accounts.privateFile,
    "root-ca-file": pki.authority.certFile,
    "leader-elect": false,
  }
}

async function ready(kubectl: ApiServer["kubectl"], started: readonly Guarded[]): Promise<void> {
  const died = () => started.some((one) => one.hasExited())
  await until(
    "the API server being ready",
    async () => died() || (await kubectl(["get", "--raw", "/readyz", "--request-timeout=10s"])) === "ok",
    { timeout_ms: start_timeout_ms, every_ms: 100 },
  )
  if (died()) throw new Error("a process ended early")
}

function writeKubeconfig(directory: string, url: string, pki: Pki): string {
  const file = join(directory, "kubeconfig")
  const config = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "test",
    clusters: [
      { name: "test", cluster: { server: url, "certificate-authority-data": base64Of(pki.authority.certFile) } },
    ],
    contexts: [{ name: "test", context: { cluster: "test", user: "admin" } }],
    users: [
      {
        name: "admin",
        user: {
          "client-certificate-data": base64Of(pki.admin.certFile),
          "client-key-data": base64Of(pki.admin.keyFile),
        },
      },
    ],
  }
  writeFileSync(file, stringify(config), { mode: 0o600 })
  return file
}
