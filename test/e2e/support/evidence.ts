import { closeSync, openSync, readdirSync, readFileSync, readSync } from "node:fs"
import { join } from "node:path"
import { inflateSync } from "node:zlib"
import type { V1PersistentVolume, V1Pod } from "@kubernetes/client-node"
import type { CanarySearch } from "../../support/canaries.ts"
import { ApiError, type Client } from "../../support/client.ts"
import { processesOf } from "./control-plane.ts"
import type { Installation } from "./installation.ts"
import type { Release } from "./release.ts"

const region_bytes_max = 256 * 1024 * 1024
const chunk_bytes = 16 * 1024 * 1024
/** So that what lies across two chunks is found. */
const overlap_bytes = 4096

/** Everything that the database holds, as an operator's backup has it. */
export async function searchDatabase(release: Release, search: CanarySearch): Promise<void> {
  const dump = 'PGPASSWORD="$ADMIN_PASSWORD" pg_dump --host 127.0.0.1 --username postgres postgres'
  search.look("database dump", await release.kubectl("exec", "berth-postgresql-0", "--", "sh", "-c", dump))
}

/** What every container in the namespace has written, and what Kubernetes keeps but for Secrets. */
export async function searchCluster(release: Release, search: CanarySearch): Promise<void> {
  const pods = (await release.kubectl("get", "pods", "-o", "name")).trim().split("\n")
  for (const pod of pods) {
    search.look("logs", await release.kubectl("logs", pod, "--all-containers", "--prefix"))
  }
  const kinds = (await release.kubectl("api-resources", "--namespaced", "--verbs=list", "-o", "name"))
    .trim()
    .split("\n")
  const readable = kinds.filter((kind) => kind !== "secrets").join(",")
  search.look("Kubernetes objects", await release.kubectl("get", readable, "-o", "json"))
}

interface Operation {
  readonly responses?: Readonly<Record<string, { readonly content?: object }>>
}

/** The answers of every GET that the API has, event streams apart. @param ids for the place of `{id}` */
export async function searchApi(
  client: Client,
  search: CanarySearch,
  ids: Readonly<Record<string, readonly string[]>>,
): Promise<void> {
  const { paths } = (await client.send("GET", "/api/openapi.json")) as { paths: Record<string, { get?: Operation }> }
  for (const [path, { get }] of Object.entries(paths)) {
    const types = Object.values(get?.responses ?? {}).flatMap(({ content }) => Object.keys(content ?? {}))
    // The ways of signing in lead to other hosts.
    if (get === undefined || types.includes("text/event-stream") || path.startsWith("/api/auth/")) continue
    const [, kind = ""] = /^\/api\/([^/]+)/.exec(path) ?? []
    for (const id of path.includes("{") ? (ids[kind] ?? []) : [""]) {
      const answer = await client.send("GET", path.replace(/\{\w+\}/, id)).catch((error: unknown) => {
        if (error instanceof ApiError) return error.message
        throw error
      })
      search.look("API answers", JSON.stringify(answer) ?? "")
    }
  }
}

/** Every file of a session's volume; git's objects are unpacked. The volume has to be on this machine. */
export async function searchVolume({ kube }: Installation, claim: string, search: CanarySearch): Promise<void> {
  const volume = (await kube.list<V1PersistentVolume>("persistentvolumes")).find(
    ({ spec }) => spec?.claimRef?.name === claim,
  )
  const root = volume?.spec?.hostPath?.path ?? volume?.spec?.local?.path
  if (root === undefined) throw new Error(`the volume of ${claim} is not on this machine`)
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    search.look("names of the volume's files", path)
    if (!entry.isFile()) continue
    const data = readFileSync(path)
    search.look("files of the volume", data)
    if (/\/objects\/[0-9a-f]{2}$/.test(entry.parentPath)) search.look("files of the volume", inflateSync(data))
  }
}

/** The memory of each container of a pod, as `memory of <container>`. The pod has to run on this machine. */
export function searchMemory(pod: V1Pod, search: CanarySearch): void {
  const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])]
  for (const { name, containerID } of statuses) {
    const [, id] = containerID?.split("://") ?? []
    for (const pid of id === undefined ? [] : processesOf([id])) searchProcess(pid, `memory of ${name}`, search)
  }
}

function searchProcess(pid: number, where: string, search: CanarySearch): void {
  const memory = openOrNull(`/proc/${pid}/mem`)
  if (memory === null) return
  try {
    for (const [from, to] of writableRegions(pid)) {
      for (let at = from; at < to; at += chunk_bytes) {
        const chunk = Buffer.alloc(Math.min(chunk_bytes + overlap_bytes, to - at))
        const bytes = readOrNothing(memory, chunk, at)
        search.lookPlain(where, chunk.subarray(0, bytes))
      }
    }
  } finally {
    closeSync(memory)
  }
}

function writableRegions(pid: number): [number, number][] {
  return readFileSync(`/proc/${pid}/maps`, "utf8")
    .split("\n")
    .flatMap((line): [number, number][] => {
      const [, from = "", to = ""] = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line) ?? []
      const region: [number, number] = [Number.parseInt(from, 16), Number.parseInt(to, 16)]
      return from !== "" && region[1] - region[0] <= region_bytes_max ? [region] : []
    })
}

/** Null for a process that has ended since it was listed. */
function openOrNull(path: string): number | null {
  try {
    return openSync(path, "r")
  } catch {
    return null
  }
}

/** Regions without pages behind them cannot be read. */
function readOrNothing(file: number, into: Buffer, at: number): number {
  try {
    return readSync(file, into, 0, into.length, at)
  } catch {
    return 0
  }
}
