import { accessSync, constants, readdirSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { LineCounter, parseDocument } from "yaml"
import { Failure } from "../lib/failure.ts"
import { repositoryRoot } from "../lib/paths.ts"
import type { Run } from "../lib/run.ts"
import type { Installation } from "./plan.ts"

type Tree = Record<string, unknown>

/** An installation as values files would make it; later files go over earlier ones, all of them over the chart's own. */
export function fromValues(files: readonly string[]): Installation {
  const values = [join(repositoryRoot, "chart/values.yaml"), ...files].reduce<Tree>(
    (merged, file) => merge(merged, readTree(file)),
    {},
  )
  const { existingSecret: _, ...providers } = treeAt(values, "providers")
  const helpers = treeAt(values, "authHelpers")
  const environments = treeAt(values, "roleEnvFiles")
  const names = environments["enabled"] === true ? Object.keys(treeAt(environments, "files")) : []
  return {
    config: configOf({ ...values, providers }),
    helpers: helpers["create"] === true ? { names: Object.keys(treeAt(helpers, "files")), notExecutable: [] } : null,
    environmentFiles: { names, selectable: textsAt(environments, "selectable") },
  }
}

/** An installation by the file that the control plane reads. */
export function fromConfigFile(file: string): Installation {
  return { config: configOf(readTree(file)), helpers: null, environmentFiles: null }
}

/** A running installation, as kubectl shows it. No Secret is read. */
export async function fromCluster(
  run: Run,
  { namespace, release, context }: { namespace: string; release: string; context?: string },
): Promise<Installation> {
  const get = async (of: string, kind: string, name: string): Promise<Tree> => {
    const chosen = context === undefined ? [] : ["--context", context]
    const answer = await run("kubectl", [...chosen, "-n", of, "get", kind, name, "-o", "json"], {
      quiet: true,
      hint: "check -n, --release and --context",
    })
    return parseTree(answer, `${kind} ${name}`)
  }
  const stored = treeAt(await get(namespace, "configmap", `${release}-config`), "data")["config.json"]
  const config = parseTree(typeof stored === "string" ? stored : "", `configmap ${release}-config`)
  const map = treeAt(config, "authHelpers")["configMap"]
  const sessions = typeof config["sessionNamespace"] === "string" ? config["sessionNamespace"] : namespace
  const helpers = typeof map === "string" && map !== "" ? treeAt(await get(sessions, "configmap", map), "data") : {}
  return {
    config: configOf(config),
    helpers: { names: Object.keys(helpers), notExecutable: [] },
    environmentFiles: environmentFilesOf(await get(namespace, "deployment", release)),
  }
}

/** What a directory of helpers would be packed as. */
export function helpersIn(directory: string): NonNullable<Installation["helpers"]> {
  let names: string[]
  try {
    names = readdirSync(directory)
  } catch (error) {
    throw new Failure(`the helpers in ${directory} cannot be read (${(error as NodeJS.ErrnoException).code})`)
  }
  // A link that leads nowhere is no helper.
  const isFile = (name: string) => statSync(join(directory, name), { throwIfNoEntry: false })?.isFile() === true
  names = names.filter((name) => !name.startsWith(".") && isFile(name))
  return { names, notExecutable: names.filter((name) => !isExecutable(join(directory, name))) }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Names only: the Deployment says which files are mounted, not what is in them. */
function environmentFilesOf(deployment: Tree): Installation["environmentFiles"] {
  const pod = treeAt(treeAt(treeAt(deployment, "spec"), "template"), "spec")
  const volume = treesAt(pod, "volumes").find(({ name }) => name === "role-env") ?? {}
  const sources = treesAt(treeAt(volume, "projected"), "sources").map((source) => treeAt(source, "secret"))
  const names = sources.flatMap((secret) => treesAt(secret, "items").map(({ path }) => String(path)))
  const variables = treesAt(pod, "containers").flatMap((container) => treesAt(container, "env"))
  const selectable = variables.find(({ name }) => name === "BERTH_ROLE_ENV_SELECTABLE")?.["value"]
  return { names, selectable: typeof selectable === "string" && selectable !== "" ? selectable.split(",") : [] }
}

function configOf(tree: Tree): Installation["config"] {
  const { authProfile } = treeAt(tree, "sessions")
  return {
    credentials: treeAt(tree, "credentials"),
    sessions: typeof authProfile === "string" && authProfile !== "" ? { authProfile } : {},
    providers: treeAt(tree, "providers") as Record<string, Tree>,
  }
}

function readTree(file: string): Tree {
  let text: string
  try {
    text = readFileSync(file, "utf8")
  } catch (error) {
    throw new Failure(`${file} cannot be read (${(error as NodeJS.ErrnoException).code})`)
  }
  return parseTree(text, file)
}

/** YAML, so JSON as well. The parser's own words would quote the text, which may hold values. */
function parseTree(text: string, name: string): Tree {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const [error] = document.errors
  if (error !== undefined)
    throw new Failure(`${name} is not YAML: ${error.code} in line ${lines.linePos(error.pos[0]).line}`)
  const value: unknown = document.toJS()
  if (value === null || value === undefined) return {}
  if (!isTree(value)) throw new Failure(`${name} is not a map of values`)
  return value
}

/** As Helm merges: maps key by key, all else as a whole, and null takes a key out. */
function merge(under: Tree, over: Tree): Tree {
  const merged: Tree = { ...under }
  for (const [key, value] of Object.entries(over)) {
    const before = merged[key]
    if (value === null) delete merged[key]
    else merged[key] = isTree(before) && isTree(value) ? merge(before, value) : value
  }
  return merged
}

function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}

function treeAt(tree: Tree, key: string): Tree {
  const value = tree[key]
  return isTree(value) ? value : {}
}

function treesAt(tree: Tree, key: string): Tree[] {
  const value = tree[key]
  return Array.isArray(value) ? value.filter(isTree) : []
}

function textsAt(tree: Tree, key: string): string[] {
  const value = tree[key]
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : []
}
