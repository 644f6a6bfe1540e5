import { parseArgs } from "node:util"
import { type ProviderName, providerNames } from "../../dev/cluster/index.ts"

export type Options = {
  namespace: string
  release: string
  provider: ProviderName | undefined
  context: string | undefined
  registry: string
}

export type UpOptions = Options & {
  replicas: number
  values: string[]
  providerJson: string | undefined
  demo: boolean
  json: boolean
}

export type DownOptions = Options & { keepCluster: boolean }

/** A command line that cannot be used: the message says which part, and nothing was done. */
export class UsageError extends Error {}

const common = `  --namespace NAME      namespace of the installation (default: berth)
  --release NAME        name of the Helm release (default: berth)
  --provider NAME       where to run: ${providerNames.join(", ")} (default: the first that is possible, see below)
  --context NAME        kubeconfig context of a cluster that exists
`

const order = `Where it runs: the cluster named by --context or KUBECONFIG; else a kind cluster, where Docker and kind are; else a
Kubernetes node on this machine, on Debian as root.
`

export const upUsage = `usage: npm run up -- [options]

Brings Berth up: a cluster if there is none, images, Secrets, the chart, a demo model and a sample repository.
Running it again goes on where it stopped, or brings the installation up to date.

${common}  --registry PREFIX     registry that a given cluster pulls from, and that Docker here may push to
  --replicas N          replicas of the control plane (default: 1)
  --values FILE         more Helm values; may be repeated
  --provider-json FILE  model provider (OpenCode provider JSON by id) in place of the demo model
  --no-demo             neither demo model nor sample repository
  --json                the last line of stdout is one JSON object with url, login and kubeconfig
  --help                this text

${order}`

export const downUsage = `usage: npm run down -- [options]

Removes what \`npm run up\` made, and only that. Built tools and images stay in the cache.

${common}  --keep-cluster        leave a cluster that \`up\` made running, remove only the installation
  --help                this text
`

const commonFlags = {
  namespace: { type: "string", default: "berth" },
  release: { type: "string", default: "berth" },
  provider: { type: "string" },
  context: { type: "string" },
  help: { type: "boolean", default: false },
} as const

function parse<const Flags extends NonNullable<Parameters<typeof parseArgs>[0]>["options"]>(
  args: string[],
  options: Flags,
) {
  try {
    return parseArgs({ args, options, allowNegative: true, strict: true }).values
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

type Common = { namespace: string; release: string; provider?: string | undefined; context?: string | undefined }

function checkCommon({ namespace, release, provider, context }: Common): Options {
  const name = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
  if (!name.test(namespace) || namespace.length > 58)
    throw new UsageError(`--namespace ${namespace}: not a namespace's name`)
  if (!name.test(release) || release.length > 53) throw new UsageError(`--release ${release}: not a release's name`)
  const known = providerNames.find((candidate) => candidate === provider)
  if (provider !== undefined && !known) {
    throw new UsageError(`--provider ${provider}: choose one of ${providerNames.join(", ")}`)
  }
  if (context !== undefined && known !== undefined && known !== "context") {
    throw new UsageError(`--context names a cluster that exists; it does not go with --provider ${known}`)
  }
  return { namespace, release, provider: known, context, registry: "" }
}

/** Reads the options of `up`; `undefined` when help is asked for. Throws {@link UsageError}. */
export function parseUpOptions(args: string[]): UpOptions | undefined {
  const flags = parse(args, {
    ...commonFlags,
    registry: { type: "string", default: "" },
    replicas: { type: "string", default: "1" },
    values: { type: "string", multiple: true, default: [] },
    "provider-json": { type: "string" },
    demo: { type: "boolean", default: true },
    json: { type: "boolean", default: false },
  })
  if (flags.help) return undefined
  const replicas = Number(flags.replicas)
  if (!Number.isInteger(replicas) || replicas < 1 || replicas > 20) {
    throw new UsageError(`--replicas ${flags.replicas}: a whole number from 1 to 20`)
  }
  return {
    ...checkCommon(flags),
    registry: flags.registry.replace(/\/+$/, ""),
    replicas,
    values: flags.values,
    providerJson: flags["provider-json"],
    demo: flags.demo,
    json: flags.json,
  }
}

/** Reads the options of `down`; `undefined` when help is asked for. Throws {@link UsageError}. */
export function parseDownOptions(args: string[]): DownOptions | undefined {
  const flags = parse(args, { ...commonFlags, "keep-cluster": { type: "boolean", default: false } })
  return flags.help ? undefined : { ...checkCommon(flags), keepCluster: flags["keep-cluster"] }
}
