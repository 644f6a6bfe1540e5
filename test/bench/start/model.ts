import type { V1PersistentVolumeClaimSpec, V1ResourceRequirements, V1StatefulSet } from "@kubernetes/client-node"
import type { AnyObject, Api } from "./api.ts"

/** What the bare pods share with a session, so that nothing but Berth differs. */
export interface Model {
  readonly image: string
  readonly resources: V1ResourceRequirements
  readonly claim: V1PersistentVolumeClaimSpec
  /** OpenCode's configuration as sessions have it, but with the provider's own address and key in it. */
  readonly agentConfig: string
}

interface ProviderConfig {
  readonly npm?: string
  readonly options?: Readonly<Record<string, unknown>>
  readonly models?: Readonly<Record<string, unknown>>
}

/** The parts of a release that its objects are named after. */
export interface Release {
  readonly namespace: string
  /** Namespace of the session pods. */
  readonly sessionNamespace: string
}

/**
 * Reads off a live session and its release what bare pods must be like.
 * @param name of the session's StatefulSet
 */
export async function readModel(api: Api, release: Release, name: string): Promise<Model> {
  const path = `/apis/apps/v1/namespaces/${release.sessionNamespace}/statefulsets/${name}`
  const { spec } = (await api.read(path)) as V1StatefulSet
  const agent = spec?.template.spec?.containers.find((container) => container.name === "agent")
  const claim = spec?.volumeClaimTemplates?.[0]?.spec
  if (!agent?.image || !claim) throw new Error(`${name} has no agent or no volume`)
  return { image: agent.image, resources: agent.resources ?? {}, claim, agentConfig: await bareConfig(api, release) }
}

/** The first provider of the release, with its key. */
async function bareConfig(api: Api, { namespace }: Release): Promise<string> {
  const maps = (await api.read(`/api/v1/namespaces/${namespace}/configmaps`)) as { items: AnyObject[] }
  const text = maps.items.map(({ data }) => (data as Record<string, string> | undefined)?.["config.json"]).find(Boolean)
  if (text === undefined) throw new Error(`no ConfigMap of ${namespace} holds config.json`)
  const { providers = {} } = JSON.parse(text) as { providers?: Record<string, ProviderConfig> }
  const [entry] = Object.entries(providers)
  if (entry === undefined) throw new Error("the release has no provider to measure with")
  const [id, provider] = entry
  const model = `${id}/${Object.keys(provider.models ?? {})[0]}`
  const options = { ...provider.options, apiKey: await keyOf(api, namespace, id) }
  return JSON.stringify({
    ...{ share: "disabled", autoupdate: false, enabled_providers: [id], model, small_model: model },
    provider: { [id]: { ...provider, options } },
  })
}

async function keyOf(api: Api, namespace: string, provider: string): Promise<string> {
  const { items } = (await api.read(`/api/v1/namespaces/${namespace}/secrets`)) as { items: AnyObject[] }
  const values = items.flatMap(({ metadata, data }) => {
    const value = (data as Record<string, string> | undefined)?.[provider]
    return value !== undefined && metadata?.name?.includes("provider") ? [value] : []
  })
  return values[0] === undefined ? "none" : Buffer.from(values[0], "base64").toString("utf8")
}
