import { posix } from "node:path"
import { type Finding, isTest, lineAt, type ParsedFile } from "../source.ts"

interface Import {
  /** As written. */
  readonly specifier: string
  /** From the top of the repository; undefined for a package. */
  readonly target: string | undefined
  readonly typeOnly: boolean
  readonly position: number
}

const server = "control-plane/server/"
/** What every folder of the server may use. */
const foundations = new Set(["errors", "time", "crypto", "config", "observability"])
const lowest = new Set(["database", "cluster", "crypto", "errors", "time"])
const kubernetesClients = new Set(["cluster", "secrets-job"])

/** Every static and dynamic import and re-export of a file. */
function importsOf(file: ParsedFile): Import[] {
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
  if (isTest(file.path) || file.path.startsWith("scripts/")) return []
  return importsOf(file).flatMap((one) => {
    const fault = one.target === undefined ? packageFault(file.path, one) : directionFault(file.path, one.target, one)
    return fault === undefined ? [] : [finding(file, one, fault)]
  })
}

function packageFault(path: string, { specifier, typeOnly }: Import): string | undefined {
  if (specifier !== "@kubernetes/client-node" || typeOnly) return undefined
  if (kubernetesClients.has(featureOf(path) ?? "")) return undefined
  return "only cluster/ and secrets-job/ talk to Kubernetes"
}

function directionFault(path: string, target: string, { typeOnly }: Import): string | undefined {
  if (isTest(target)) return "what runs does not import tests"
  if (target.startsWith("scripts/")) return "what runs does not import scripts"
  if (path.startsWith("control-plane/ui/") && target.startsWith(server)) {
    return typeOnly ? undefined : "the UI takes only types from the server"
  }
  if (!path.startsWith("control-plane/") && target.startsWith("control-plane/")) {
    return "a session's pod holds nothing of the control plane"
  }
  return path.startsWith(server) && target.startsWith(server) ? serverFault(path, target) : undefined
}

function serverFault(path: string, target: string): string | undefined {
  const from = featureOf(path)
  const to = featureOf(target)
  if (from === to) return undefined
  if (to === undefined) return "nothing imports the composition root"
  if (to === "http" && from !== undefined) return "no feature imports http"
  if (from !== undefined && lowest.has(from) && !lowest.has(to) && !foundations.has(to)) {
    return `${from} lies below ${to}`
  }
  const inside = target.slice(`${server}${to}/`.length)
  if (inside === "index.ts" || /^[a-z-]*(types|schema)\.ts$/.test(inside)) return undefined
  return `${to} is entered through its index.ts or its types`
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
