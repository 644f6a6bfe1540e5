import { randomBytes } from "node:crypto"
import { join } from "node:path"
import { type Client, signIn } from "../../support/client.ts"
import { removeScratch, scratchDirectory } from "../../support/scratch.ts"
import type { Cleanup } from "./cleanup.ts"
import { exposeToPods, hostAddress } from "./host-services.ts"
import type { Installation } from "./installation.ts"
import { openRelease, type Release } from "./release.ts"
import { type ModelUpstream, startGitHost, startModels, startTrap, type Upstream } from "./upstreams.ts"

/** Values of the secrets that are put into a release, each with one value of its own. */
export interface Secrets {
  /** Of the provider `demo`, in `providers.existingSecret`. */
  readonly providerKey: string
  /** Of the provider `stored`, given through the API. */
  readonly storedKey: string
  /** What the helper `fetch-vertex-token` prints, for the provider `vertex`. */
  readonly helperToken: string
  /** In `git.hosts.<host>.existingSecret`. */
  readonly gitToken: string
  readonly oidcSecret: string
}

/** A release of its own whose models and git host are on this machine, so that a test sees what reaches them. */
export interface GuardedRelease {
  readonly release: Release
  readonly client: Client
  readonly secrets: Secrets
  readonly models: ModelUpstream
  readonly git: Upstream
  readonly trap: Upstream
  readonly hosts: { readonly models: string; readonly git: string; readonly trap: string }
  /** The session's own repository. Its path begins with the name of the trap's host. */
  readonly repository: string
  readonly otherRepository: string
}

export const administrator = "owner@example.com"

/** The helper of the walk-through: it reads what only the sidecar has mounted. */
export const vertexHelper = '#!/bin/sh\nexec cat "$TOKEN_FILE"\n'

/**
 * Installs the release; `cleanup` gets the steps that remove it again.
 * @param helpers the helper ConfigMap's scripts by name
 */
export async function openGuardedRelease(
  installation: Installation,
  namespace: string,
  cleanup: Cleanup,
  helpers: Readonly<Record<string, string>> = { "fetch-vertex-token": vertexHelper },
): Promise<GuardedRelease> {
  const { kube } = installation
  const directory = scratchDirectory(namespace)
  cleanup.add(() => removeScratch(directory))
  const opened: { release?: Release } = {}
  cleanup.add(() => opened.release?.remove())
  const release = await openRelease(installation, namespace, directory)
  opened.release = release

  const secrets = {
    providerKey: newSecret("provider"),
    storedKey: newSecret("stored"),
    helperToken: newSecret("helper"),
    gitToken: newSecret("git"),
    oidcSecret: newSecret("oidc"),
  }
  const address = await hostAddress(kube)
  const hostOf = (name: string) => `${name}.${namespace}.svc`
  const hosts = { models: hostOf("models"), git: hostOf("git"), trap: hostOf("trap") }
  const [own, other] = [`${hosts.trap}/own`, "team/other"]
  const trap = await startTrap(address)
  const models = await startModels(address, `http://${hosts.trap}/`)
  const git = await startGitHost({
    address,
    directory: join(directory, "git"),
    token: secrets.gitToken,
    repositories: [own, other],
  })
  for (const [name, { port, close }] of Object.entries({ trap, models, git })) {
    cleanup.add(close)
    await exposeToPods(kube, { namespace, name, port: 80, address, targetPort: port })
  }
  models.accept({ demo: secrets.providerKey, stored: secrets.storedKey, vertex: secrets.helperToken })
  await plant(installation, namespace, secrets, helpers)
  await release.install([release.coordinates, valuesOf(hosts)])
  const client = await signIn(
    { url: `http://${release.address}` },
    administrator,
    await release.secret("berth-admin", "password"),
  )
  await putProvider(client, hosts.models, "stored", secrets.storedKey)
  const [repository, otherRepository] = [`http://${hosts.git}/${own}.git`, `http://${hosts.git}/${other}.git`]
  return { release, client, secrets, models, git, trap, hosts, repository, otherRepository }
}

/** Makes a provider, or replaces it, through the API. */
export async function putProvider(client: Client, host: string, id: string, apiKey: string): Promise<void> {
  const baseURL = `http://${host}/${id}/v1`
  await client.send("PUT", `/api/providers/${id}`, { ...providerAt(baseURL), options: { baseURL, apiKey } })
}

/** A value that nothing else has. Special characters, so that a value looks different in JSON, in a URL and in base64. */
export function newSecret(name: string): string {
  return `${name}-${randomBytes(18).toString("hex")}/+=${randomBytes(3).toString("hex")}`
}

async function plant(
  { kube }: Installation,
  namespace: string,
  secrets: Secrets,
  helpers: Readonly<Record<string, string>>,
): Promise<void> {
  const secret = (name: string, stringData: Record<string, string>) =>
    kube.apply({ apiVersion: "v1", kind: "Secret", metadata: { namespace, name }, stringData })
  await Promise.all([
    secret("provider-keys", { demo: secrets.providerKey }),
    secret("git-token", { token: secrets.gitToken }),
    secret("sso-oidc", { clientSecret: secrets.oidcSecret }),
    secret("vertex-credential", { token: secrets.helperToken }),
    kube.apply({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { namespace, name: "auth-helpers" },
      data: helpers,
    }),
  ])
}

function providerAt(baseURL: string): object {
  const model = { name: "A script", tool_call: true, limit: { context: 128_000, output: 8192 } }
  return { npm: "@ai-sdk/openai-compatible", options: { baseURL }, models: { demo: model } }
}

function valuesOf(hosts: GuardedRelease["hosts"]): object {
  return {
    controlPlane: { insecureHttp: true, host: "127.0.0.1", logLevel: "debug" },
    passwordAuth: { bootstrapAdmin: { email: administrator } },
    oidc: { enabled: true, issuer: "https://id.example.com", clientId: "berth" },
    providers: {
      demo: providerAt(`http://${hosts.models}/demo/v1`),
      vertex: providerAt(`http://${hosts.models}/vertex/v1`),
      existingSecret: "provider-keys",
    },
    agent: { model: "demo/demo" },
    git: { hosts: { [hosts.git]: { scheme: "http", existingSecret: "git-token" } } },
    broker: {
      allowedPrivateHosts: Object.values(hosts),
      // Beside model calls: what the attempts show by, with requests that would be refused for their path otherwise.
      allowedModelRequests: {
        demo: ["GET /redirect", "GET /forged", "GET /control", "GET /first", "GET /second", "POST /hidden"],
        vertex: ["POST /redirect", "GET /forged"],
      },
    },
    authHelpers: {
      configMap: "auth-helpers",
      container: { volumeMounts: [{ name: "vertex-credential", mountPath: "/var/run/vertex" }] },
    },
    credentials: {
      profiles: {
        vertex: {
          runtime_auth_resolvers: {
            vertex_helper: { type: "command", command: "fetch-vertex-token", ttl_ms: 60_000 },
          },
          env: { TOKEN_FILE: "/var/run/vertex/token" },
          default_binding: {
            type: "claude_api_key_helper",
            provider: "vertex",
            runtime_auth_resolver: "vertex_helper",
          },
        },
      },
    },
    sessions: {
      extraVolumes: [{ name: "vertex-credential", secret: { secretName: "vertex-credential" } }],
      resources: { requests: { cpu: "50m" } },
    },
  }
}
