import { generateKeyPairSync } from "node:crypto"
import type { V1Pod } from "@kubernetes/client-node"
import { exportJWK, SignJWT } from "jose"
import type { Cluster } from "../../../control-plane/server/cluster/types.ts"

const ISSUER = "https://kubernetes.default.svc.cluster.local"

export interface TokenClaims {
  pod?: { name: string; uid: string }
  namespace?: string
  serviceAccount?: string
  audience?: string
  issuer?: string
  /** Seconds from now. */
  expiresIn?: number
}

/** A cluster as far as the broker asks it: pods, and the keys of service-account tokens that a test can sign with. */
export interface StandInCluster extends Pick<Cluster, "pods" | "getPod" | "tokenKeys"> {
  /** In the cached view and live; `liveOnly` leaves the view behind. */
  addPod(pod: V1Pod, liveOnly?: boolean): void
  removePod(name: string): void
  signToken(claims: TokenClaims): Promise<string>
  /** From now on tokens are signed with a new key; the old one is withdrawn. */
  rotateKeys(): void
  readonly calls: { tokenKeys: number; getPod: number }
}

export function createStandInCluster(): StandInCluster {
  const view = new Map<string, V1Pod>()
  const live = new Map<string, V1Pod>()
  const calls = { tokenKeys: 0, getPod: 0 }
  let keyNumber = 1
  let keys = generateKeyPairSync("rsa", { modulusLength: 2048 })
  const kid = () => `key-${keyNumber}`
  return {
    calls,
    pods: {
      get: (name) => view.get(name),
      byLabel: (label, value) => [...view.values()].filter((pod) => pod.metadata?.labels?.[label] === value),
      all: () => [...view.values()],
      onChange: () => () => {},
      age_ms: () => 0,
    },
    async getPod(name) {
      calls.getPod++
      return live.get(name) ?? null
    },
    async tokenKeys() {
      calls.tokenKeys++
      const jwk = await exportJWK(keys.publicKey)
      return { issuer: ISSUER, jwks: { keys: [{ ...jwk, kid: kid(), alg: "RS256", use: "sig" }] } }
    },
    addPod(pod, liveOnly = false) {
      const name = pod.metadata?.name ?? ""
      live.set(name, pod)
      if (!liveOnly) view.set(name, pod)
    },
    removePod(name) {
      live.delete(name)
      view.delete(name)
    },
    rotateKeys() {
      keyNumber++
      keys = generateKeyPairSync("rsa", { modulusLength: 2048 })
    },
    signToken(claims) {
      const namespace = claims.namespace ?? "berth-sessions"
      const serviceAccount = claims.serviceAccount ?? "berth-session"
      const now = Math.floor(Date.now() / 1_000)
      return new SignJWT({
        "kubernetes.io": {
          namespace,
          serviceaccount: { name: serviceAccount, uid: "sa-uid" },
          ...(claims.pod ? { pod: claims.pod } : {}),
        },
      })
        .setProtectedHeader({ alg: "RS256", kid: kid() })
        .setIssuer(claims.issuer ?? ISSUER)
        .setAudience(claims.audience ?? "berth-broker")
        .setSubject(`system:serviceaccount:${namespace}:${serviceAccount}`)
        .setIssuedAt(now)
        .setExpirationTime(now + (claims.expiresIn ?? 600))
        .sign(keys.privateKey)
    },
  }
}
