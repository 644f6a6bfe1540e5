import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { Failure } from "../../../scripts/lib/failure.ts"
import { hashText } from "../../../scripts/lib/hash.ts"
import { withLock } from "../../../scripts/lib/lock.ts"
import { isAlive, readRecord, startProcess, stopProcess } from "../../../scripts/lib/processes.ts"
import { type Run, succeeds, tail } from "../../../scripts/lib/run.ts"
import type { StepContext } from "../../../scripts/lib/steps.ts"
import { until } from "../../../scripts/lib/wait.ts"
import { ensureDebianPackages, ensureTools } from "../../tools/index.ts"
import { ensureAddons, waitForAddons } from "./addons.ts"
import { ensureCertificates } from "./certificates.ts"
import { type Component, componentNames, components, type NodeTools, nodeTools } from "./components.ts"
import { networkDown, networkUp } from "./network.ts"
import { ensureNodeImages } from "./node-images.ts"
import { checkMachine, checkPorts } from "./preflight.ts"
import { debianPackages, files, network } from "./settings.ts"
import { endContainers, removeLeftovers, unmountAll } from "./sweep.ts"

const recordOf = (name: string) => join(files.records, `${name}.json`)
const logOf = (name: string) => join(files.logs, `${name}.log`)

/**
 * Makes sure the local node runs and answers its kubeconfig. A healthy node is used as it is (below 2 s); what has died
 * (a reboot, a killed session) is started again with the data it had; what changed is restarted.
 */
export async function nodeUp(context: StepContext): Promise<{ kubeconfig: string }> {
  checkMachine()
  await ensureDebianPackages(debianPackages, context)
  const tools = await ensureTools(nodeTools, context)
  for (const folder of [files.root, files.logs, files.records, files.volumes]) {
    mkdirSync(folder, { recursive: true, mode: 0o711 })
  }
  await withLock(files.lock, () => start(tools, context), context.say)
  return { kubeconfig: files.kubeconfig }
}

async function start(tools: NodeTools, context: StepContext): Promise<void> {
  const { run, say } = context
  await ensureCertificates(tools.kubeadm, run)
  const wanted = components(tools)
  const stale = wanted.filter((component) => !isCurrent(component))
  const kubectl = kubectlOf(tools.kubectl, run)
  if (stale.length > 0) {
    say(`starting ${stale.map(({ name }) => name).join(", ")}`)
    for (const { name } of stale.toReversed()) await stopProcess(recordOf(name))
    await checkPorts(stale.map(({ name }) => name))
    await networkUp(run)
  }
  for (const component of wanted) {
    if (stale.includes(component)) launch(component)
    await waitUntilReady(component, tools, context)
  }
  await ensureAddons(kubectl)
  // `kubectl wait` fails at once for what is not there yet: the kubelet registers the node a moment after its start.
  await kubectl(["wait", "--for=create", `node/${network.nodeName}`, "--timeout=180s"])
  await kubectl(["wait", "--for=condition=Ready", `node/${network.nodeName}`, "--timeout=180s"])
  await waitForAddons(kubectl)
}

function kubectlOf(kubectl: string, run: Run) {
  return (args: string[], input?: string) =>
    run(kubectl, ["--kubeconfig", files.kubeconfig, ...args], input === undefined ? {} : { input })
}

function fingerprintOf(component: Component): string {
  const configuration = component.configuration ? readFileSync(component.configuration, "utf8") : ""
  return hashText(JSON.stringify([component.command, component.args, configuration]))
}

function isCurrent(component: Component): boolean {
  const record = readRecord(recordOf(component.name))
  return isAlive(record) && record.fingerprint === fingerprintOf(component)
}

function launch(component: Component): void {
  startProcess({
    command: component.command,
    args: component.args,
    logFile: logOf(component.name),
    recordFile: recordOf(component.name),
    fingerprint: fingerprintOf(component),
  })
}

/** What the next component needs of this one. Those that nobody waits for are judged by the node becoming ready. */
async function waitUntilReady(component: Component, tools: NodeTools, context: StepContext): Promise<void> {
  const probes: Record<string, () => Promise<boolean>> = {
    containerd: () => succeeds("ctr", ["--address", files.containerdSocket, "version"]),
    "kube-apiserver": () =>
      succeeds(tools.kubectl, ["--kubeconfig", files.kubeconfig, "get", "--raw", "/readyz"], { timeout_ms: 20_000 }),
  }
  const probe = probes[component.name]
  if (probe) {
    const isRunning = () => isAlive(readRecord(recordOf(component.name)))
    const state = await until(
      `an answer from ${component.name}`,
      async () => (isRunning() ? (await probe()) && "ready" : "ended"),
      { timeout_ms: 180_000, hint: restartHint },
    )
    if (state === "ended") throw await endedAtStart(component.name, context.run)
  }
  if (component.name === "containerd") await ensureNodeImages(tools, context)
}

const restartHint = `see ${files.logs}; \`npm run down\` and then \`npm run up\` make a new node`

async function endedAtStart(name: string, run: Run): Promise<Failure> {
  const output = await run("tail", ["-n", "15", logOf(name)], { quiet: true }).catch(() => "")
  return new Failure(`${name} ended right after its start`, { output: tail(output), hint: restartHint })
}

/** True when the local node's processes are recorded here (running or not). */
export function nodeExists(): boolean {
  return existsSync(files.root)
}

/** Ends the node and removes all it made: processes, containers, mounts, network, folders. Cached tools and images stay. */
export async function nodeDown({ run, say }: StepContext): Promise<void> {
  if (!nodeExists()) return
  await withLock(
    files.lock,
    async () => {
      // The API server drains open watches for up to a minute; nobody is left to wait for.
      for (const name of componentNames.toReversed()) {
        if (name !== "containerd") await stopProcess(recordOf(name), name === "kube-apiserver" ? 3000 : 5000)
      }
      const namespaces = await endContainers()
      await stopProcess(recordOf("containerd"))
      await unmountAll(run, namespaces)
      await networkDown(run)
      removeLeftovers()
      // A program of a container's that still ends may write a last file.
      const thoroughly = { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }
      rmSync(files.root, thoroughly)
      rmSync(files.run, thoroughly)
    },
    say,
  )
}
