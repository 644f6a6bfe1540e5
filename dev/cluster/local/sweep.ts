import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, rmdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as pause } from "node:timers/promises"
import { unmountBelow } from "../../../scripts/lib/mounts.ts"
import type { Run } from "../../../scripts/lib/run.ts"
import { files } from "./settings.ts"

type Bundle = { id: string; initPid: number | undefined; namespacePath: string | undefined }

/** Containers of the node's containerd, from the bundles on disk: they are there even when the daemon is not. */
function bundles(): Bundle[] {
  const root = join(files.run, "containerd/io.containerd.runtime.v2.task")
  if (!existsSync(root)) return []
  return readdirSync(root).flatMap((namespace) =>
    readdirSync(join(root, namespace)).map((id) => {
      const spec = readJson(join(root, namespace, id, "config.json"))
      const network = spec?.linux?.namespaces?.find((entry) => entry.type === "network")
      const pid = Number(readText(join(root, namespace, id, "init.pid")))
      return { id, initPid: pid > 1 ? pid : undefined, namespacePath: network?.path }
    }),
  )
}

type Spec = { linux?: { namespaces?: { type: string; path?: string }[] } }

function readJson(path: string): Spec | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8"))
  } catch {
    return undefined
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return ""
  }
}

/** Ids of processes whose command line names the node's own containerd socket: its shims. */
function shims(): number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => pid > 1)
    .filter((pid) => {
      const words = readText(`/proc/${pid}/cmdline`).split("\0")
      return words[0]?.includes("containerd-shim") && words.includes(files.containerdSocket)
    })
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // Gone already.
  }
}

/** Ends every container of the node, and nothing else: by the ids that its containerd has on disk. */
export async function endContainers(): Promise<string[]> {
  const all = bundles()
  for (const { id, initPid } of all) {
    // The control group names the container, so a pid that is used again by another program is left alone.
    if (initPid && readText(`/proc/${initPid}/cgroup`).includes(id)) kill(initPid, "SIGKILL")
  }
  for (const pid of shims()) kill(pid, "SIGTERM")
  for (let round = 0; shims().length > 0 && round < 50; round++) await pause(100)
  for (const pid of shims()) kill(pid, "SIGKILL")
  // A container beside a pod's first one names the namespace by that one's process, which is no file to remove.
  return all.flatMap(({ namespacePath }) => (namespacePath && !namespacePath.startsWith("/proc/") ? namespacePath : []))
}

/** Unmounts what the kubelet and containerd mounted, and the pods' network namespaces. */
export async function unmountAll(run: Run, namespaces: string[]): Promise<void> {
  const resolved = namespaces.map((path) => path.replace(/^\/var\/run\//, "/run/"))
  await unmountBelow(run, [files.root, files.run, ...resolved])
  for (const path of resolved) rmSync(path, { force: true })
}

/** Removes what the node's programs leave at fixed places outside its folders. */
export function removeLeftovers(): void {
  removeControlGroups("/sys/fs/cgroup")
  const cached = "/var/lib/cni/results"
  if (existsSync(cached)) {
    for (const name of readdirSync(cached)) if (name.startsWith("berth-")) rmSync(join(cached, name))
  }
  // The kubelet's socket for device plugins has a fixed path. A folder that another kubelet uses as well is not empty.
  rmSync("/var/lib/kubelet/device-plugins/kubelet.sock", { force: true })
  rmSync("/var/lib/kubelet/device-plugins/kubelet_internal_checkpoint", { force: true })
  for (const folder of ["/var/lib/kubelet/device-plugins", "/var/lib/kubelet", cached, "/var/lib/cni"])
    removeIfEmpty(folder)
  const links = "/var/log/containers"
  if (existsSync(links)) {
    for (const name of readdirSync(links)) {
      const link = join(links, name)
      if (lstatSync(link).isSymbolicLink() && readlinkSync(link).startsWith(files.root)) rmSync(link)
    }
    removeIfEmpty(links)
  }
}

/** The kubelet's control groups (`kubepods`), in every hierarchy. Only empty ones can be removed. */
function removeControlGroups(root: string): void {
  for (const parent of [root, ...childFolders(root)]) {
    const group = join(parent, "kubepods")
    if (existsSync(group)) removeFolders(group)
  }
}

function childFolders(path: string): string[] {
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? join(path, entry.name) : [],
  )
}

function removeFolders(path: string): void {
  for (const child of childFolders(path)) removeFolders(child)
  removeIfEmpty(path)
}

/** Removes a folder or control group that nothing is in. One that is missing or in use stays as it is. */
function removeIfEmpty(path: string): void {
  try {
    rmdirSync(path)
  } catch {
    // An empty control group costs nothing, and a folder with content is someone else's.
  }
}
