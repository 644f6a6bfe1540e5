import type { Image, ImageName } from "../../dev/images/catalog.ts"

export type ValuesInput = {
  images: readonly Image[]
  registry: string
  /** The image of PostgreSQL is among `images`. */
  ownPostgres: boolean
  host: string
  nodePort: number
  replicas: number
  providers: Record<string, object>
  providerKeysSecret: string | undefined
  /** The demo's git server, reached over plain HTTP. */
  demoGitHost: string | undefined
  allowedPrivateHosts: string[]
}

/** Values for the chart that come from the command line and the cluster, not from a person. */
export function chartValues(input: ValuesInput): object {
  const tagOf = (name: ImageName) => input.images.find((image) => image.name === name)?.tag ?? ""
  return {
    registry: { default: input.registry },
    controlPlane: {
      image: { tag: tagOf("berth/control-plane"), pullPolicy: "IfNotPresent" },
      replicaCount: input.replicas,
      host: input.host,
      extraHosts: input.host === "127.0.0.1" ? ["localhost"] : [],
      // There is no certificate for an address; put an ingress with TLS in front for anything but trying out.
      insecureHttp: true,
    },
    service: { type: "NodePort", nodePort: input.nodePort },
    dataPlane: { image: { tag: tagOf("berth/data-plane") } },
    dataPlaneInit: { image: { tag: tagOf("berth/data-plane-init") } },
    authHelpers: { image: { tag: tagOf("berth/auth") } },
    ...(input.ownPostgres
      ? {
          postgresql: {
            image: { registry: "", repository: "berth/postgres-local", tag: tagOf("berth/postgres-local") },
          },
        }
      : {}),
    providers: {
      ...input.providers,
      ...(input.providerKeysSecret ? { existingSecret: input.providerKeysSecret } : {}),
    },
    git: { hosts: input.demoGitHost ? { [input.demoGitHost]: { scheme: "http" } } : {} },
    broker: { allowedPrivateHosts: input.allowedPrivateHosts },
    sessions: {
      // The chart's default reserves a quarter of a core a session, which fills a small machine after a handful of
      // sessions that mostly wait. What a session may use is not touched.
      resources: { requests: { cpu: "50m" } },
    },
  }
}
