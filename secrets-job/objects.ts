import {
  ApiException,
  CoreV1Api,
  CustomObjectsApi,
  KubeConfig,
  PatchStrategy,
  setHeaderOptions,
  type V1Secret,
} from "@kubernetes/client-node"

/** A Secret or ConfigMap as the Job sees it: decoded values, and the version that a patch must still find. */
export interface StoredObject {
  readonly data: Readonly<Record<string, string>>
  readonly version: string
  readonly annotations: Readonly<Record<string, string>>
  readonly immutable: boolean
  /** The ExternalSecret that the object is deleted with, or null. */
  readonly externalSecret: string | null
}

export interface ObjectHead {
  readonly namespace: string
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

/** Reading, making and filling objects of one kind. `false` means that somebody else was faster: look again. */
export interface Objects {
  read(namespace: string, name: string): Promise<StoredObject | null>
  create(head: ObjectHead, data: Readonly<Record<string, string>>): Promise<boolean>
  patch(head: ObjectHead, version: string, data: Readonly<Record<string, string>>): Promise<boolean>
}

export interface ExternalSecrets {
  /** Whether there is an ExternalSecret of this name that takes its values from a store. */
  readsStore(namespace: string, name: string): Promise<boolean>
}

/** What the Job talks to in a cluster. */
export interface Cluster {
  readonly secrets: Objects
  readonly configMaps: Objects
  readonly externalSecrets: ExternalSecrets
}

/** The cluster that this pod runs in. */
export function connect(): Cluster {
  const config = new KubeConfig()
  config.loadFromCluster()
  return clusterOf(config)
}

/** The cluster that this configuration names. */
export function clusterOf(config: KubeConfig): Cluster {
  const api = config.makeApiClient(CoreV1Api)
  const custom = config.makeApiClient(CustomObjectsApi)
  return { secrets: secretObjects(api), configMaps: configMapObjects(api), externalSecrets: externalSecretsOf(custom) }
}

function externalSecretsOf(api: CustomObjectsApi): ExternalSecrets {
  const kind = { group: "external-secrets.io", version: "v1", plural: "externalsecrets" }
  return {
    readsStore: async (namespace, name) => {
      const found = (await orNull(api.getNamespacedCustomObject({ ...kind, namespace, name }))) as {
        spec?: { secretStoreRef?: { name?: string } }
      } | null
      return Boolean(found?.spec?.secretStoreRef?.name)
    },
  }
}

const mergePatch = setHeaderOptions("Content-Type", PatchStrategy.MergePatch)

/** Secrets, through this client. Their data are decoded on the way in and encoded on the way out. */
function secretObjects(api: CoreV1Api): Objects {
  const encode = (data: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString("base64")]))
  return {
    read: async (namespace, name) => {
      const secret = await orNull(api.readNamespacedSecret({ namespace, name }))
      if (!secret) return null
      const decoded = Object.entries(secret.data ?? {}).map(([key, value]) => [key, `${Buffer.from(value, "base64")}`])
      return stored(secret, Object.fromEntries(decoded))
    },
    create: (head, data) =>
      unlessConflict(
        api.createNamespacedSecret({
          namespace: head.namespace,
          body: { metadata: metadata(head), type: "Opaque", data: encode(data) },
        }),
      ),
    patch: (head, version, data) =>
      unlessConflict(
        api.patchNamespacedSecret(
          {
            namespace: head.namespace,
            name: head.name,
            body: { metadata: { resourceVersion: version }, data: encode(data) },
          },
          mergePatch,
        ),
      ),
  }
}

/** ConfigMaps, through this client. */
function configMapObjects(api: CoreV1Api): Objects {
  return {
    read: async (namespace, name) => {
      const map = await orNull(api.readNamespacedConfigMap({ namespace, name }))
      return map && stored(map, map.data ?? {})
    },
    create: (head, data) =>
      unlessConflict(
        api.createNamespacedConfigMap({ namespace: head.namespace, body: { metadata: metadata(head), data } }),
      ),
    patch: (head, version, data) =>
      unlessConflict(
        api.patchNamespacedConfigMap(
          { namespace: head.namespace, name: head.name, body: { metadata: { resourceVersion: version }, data } },
          mergePatch,
        ),
      ),
  }
}

function stored(
  { metadata, immutable }: Pick<V1Secret, "metadata" | "immutable">,
  data: Readonly<Record<string, string>>,
): StoredObject {
  const owner = metadata?.ownerReferences?.find(({ kind }) => kind === "ExternalSecret")
  return {
    data,
    version: metadata?.resourceVersion ?? "",
    annotations: metadata?.annotations ?? {},
    immutable: immutable === true,
    externalSecret: owner?.name ?? null,
  }
}

function metadata(head: ObjectHead) {
  return { name: head.name, labels: { ...head.labels }, annotations: { ...head.annotations } }
}

async function orNull<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof ApiException && error.code === 404) return null
    throw error
  }
}

async function unlessConflict(answer: Promise<unknown>): Promise<boolean> {
  try {
    await answer
    return true
  } catch (error) {
    if (error instanceof ApiException && error.code === 409) return false
    throw error
  }
}
