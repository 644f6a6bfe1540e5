import { posix } from "node:path"
import { type Finding, isTest, lineAt, type ParsedFile } from "../source.ts"

/** An import as it is written, and what it names. */
export interface Import {
  /** As written. */
  readonly specifier: string
  /** From the top of the repository; undefined for a package. */
  readonly target: string | undefined
  readonly typeOnly: boolean
  readonly position: number
}

const server = "control-plane/server/"
/** What every room of the server may use. */
const foundations = new Set(["addresses", "errors", "time", "crypto", "config", "observability"])
/** The wire between a session's pod and the broker: the one thing that both sides know. */
const protocol = "pod-protocol/"
/** The programs beside the control plane: each imports itself and, where it is here, the protocol. */
const programs: Readonly<Record<string, readonly string[]>> = {
  "auth-helpers/": [protocol],
  "data-plane-init/": [protocol],
  "secrets-job/": [],
  [protocol]: [],
}

/**
 * What each room of the server may import beside the foundations, as ARCHITECTURE.md has it: a room, or only its types.
 * A room that is not here does not pass.
 */
export const rooms: Readonly<Record<string, readonly string[]>> = {
  http: ["audit", "credentials", "database", "identity", "sessions", "settings", "usage", "types of runtime"],
  identity: ["database", "settings", "types of audit", "types of credentials"],
  sessions: [
    ...["credentials", "database", "identity", "leases", "protocol", "settings", "workloads"],
    ...["types of artifacts", "types of audit", "types of runtime", "types of transcripts"],
  ],
  workloads: ["cluster", "credentials", "database", "protocol", "types of runtime"],
  runtime: ["types of transcripts"],
  transcripts: ["database", "leases"],
  artifacts: ["database", "leases", "types of runtime", "types of settings", "types of transcripts"],
  credentials: ["database", "protocol", "types of audit"],
  broker: [
    ...["cluster", "credentials", "database", "protocol", "usage", "workloads"],
    ...["types of audit", "types of sessions", "types of transcripts"],
  ],
  audit: ["database"],
  leases: ["database"],
  settings: [],
  usage: ["database"],
  config: [],
  addresses: [],
  observability: [],
  database: [],
  cluster: [],
  crypto: [],
  errors: [],
  time: [],
}
const kubernetesClients = [`${server}cluster/`, "secrets-job/"]

/** Every static and dynamic import and re-export of a file. */
export function importsOf(file: ParsedFile): Import[] {
  const { staticImports, staticExports, dynamicImports } = file.parsed.module
  const found = [
    ...staticImports.map((one) => ({
      specifier: one.moduleRequest.value,
      typeOnly: one.entries.length > 0 && one.entries.every((entry) => entry.isType),
      position: one.start,
    })),
    ...staticExports.flatMap((one) =>
      one.entries.flatMap((entry) =>
        entry.moduleRequest
          ? [{ specifier: entry.moduleRequest.value, typeOnly: entry.isType, position: one.start }]
          : [],
      ),
    ),
    ...dynamicImports.map((one) => ({
      specifier: file.text.slice(one.moduleRequest.start, one.moduleRequest.end).replaceAll(/^["'`]|["'`]$/g, ""),
      typeOnly: false,
      position: one.start,
    })),
  ]
  return found.map((one) => ({
    ...one,
    target: one.specifier.startsWith(".") ? posix.join(posix.dirname(file.path), one.specifier) : undefined,
  }))
}

/** Relative imports name the file that is there: node runs the sources as they are. */
export function importEndings(file: ParsedFile): Finding[] {
  return importsOf(file)
    .filter(({ target }) => target !== undefined && !/\.(tsx?|mts|json|css|svg)(\?\w+)?$/.test(target))
    .map((one) => finding(file, one, `"${one.specifier}" lacks the ending of its file`))
}

/** main -> http -> features -> database, cluster, crypto; a feature is entered through its index.ts or its types. */
export function importDirection(file: ParsedFile): Finding[] {
  if (isTest(file.path) || /^(dev|scripts)\//.test(file.path)) return []
  return importsOf(file).flatMap((one) => {
    const fault = one.target === undefined ? packageFault(file.path, one) : directionFault(file.path, one.target, one)
    return fault === undefined ? [] : [finding(file, one, fault)]
  })
}

function packageFault(path: string, { specifier, typeOnly }: Import): string | undefined {
  if (specifier !== "@kubernetes/client-node" || typeOnly) return undefined
  if (kubernetesClients.some((folder) => path.startsWith(folder))) return undefined
  return "only cluster/ and secrets-job/ talk to Kubernetes"
}

function directionFault(path: string, target: string, { typeOnly }: Import): string | undefined {
  if (isTest(target)) return "what runs does not import tests"
  if (/^(dev|scripts)\//.test(target)) return `what runs does not import ${target.split("/")[0]}`
  if (path.startsWith("control-plane/ui/") && target.startsWith(server)) {
    return typeOnly ? undefined : "the UI takes only types from the server"
  }
  if (!path.startsWith("control-plane/") && target.startsWith("control-plane/")) {
    return "no other program holds anything of the control plane"
  }
  const program = Object.keys(programs).find((folder) => path.startsWith(folder))
  if (program !== undefined && ![program, ...(programs[program] ?? [])].some((folder) => target.startsWith(folder))) {
    return `${program} may not import ${target.split("/")[0]}/`
  }
  return path.startsWith(server) ? serverFault(path, target, typeOnly) : undefined
}

function serverFault(path: string, target: string, typeOnly: boolean): string | undefined {
  const from = featureOf(path)
  if (!target.startsWith(server)) {
    return target.startsWith(protocol)
      ? roomFault(from, "protocol", typeOnly)
      : "the server imports of a pod its protocol"
  }
  const to = featureOf(target)
  if (from === to) return undefined
  if (to === undefined) return "nothing imports the composition root"
  const fault = foundations.has(to) ? undefined : roomFault(from, to, typeOnly)
  if (fault !== undefined) return fault
  const inside = target.slice(`${server}${to}/`.length)
  if (inside === "index.ts" || /^[a-z-]*(types|schema)\.ts$/.test(inside)) return undefined
  return `${to} is entered through its index.ts or its types`
}

/** Whether one room may use another: the composition root may use all. */
function roomFault(from: string | undefined, to: string, typeOnly: boolean): string | undefined {
  if (from === undefined) return undefined
  const may = rooms[from]
  if (may === undefined) return `${from} is in no table: name what it may import in imports.ts and in ARCHITECTURE.md`
  if (may.includes(to) || (typeOnly && may.includes(`types of ${to}`))) return undefined
  return may.includes(`types of ${to}`) ? `${from} takes only types from ${to}` : `${from} may not import ${to}`
}

/** The folder of the server that a path is in; undefined for its main.ts and for everything else. */
function featureOf(path: string): string | undefined {
  return path.startsWith(server) && path.slice(server.length).includes("/")
    ? path.slice(server.length).split("/")[0]
    : undefined
}

function finding(file: ParsedFile, { position }: Import, message: string): Finding {
  return { path: file.path, line: lineAt(file, position), message }
}
