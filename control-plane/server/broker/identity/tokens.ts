import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTPayload, jwtVerify } from "jose"
import type { Cluster } from "../../cluster/types.ts"
import { AppError } from "../../errors/index.ts"
import type { Clock } from "../../time/index.ts"

const ALGORITHMS = ["RS256", "ES256", "ES384", "ES512", "RS384", "RS512", "PS256"]
const CLOCK_SKEW_S = 10
// An unknown key id may be a rotation or an attack: keys are asked for again, but not more often than this.
const REFETCH_AFTER_MS_MIN = 10_000
// A key that the cluster has withdrawn stops counting after this.
const KEYS_AGE_MS_MAX = 3_600_000

/** The pod that a token was given to, by the token's own words (verified, but not yet compared with the live pod). */
export interface PodClaims {
  readonly podName: string
  readonly podUid: string
}

export interface TokenVerifier {
  /**
   * Checks signature, issuer, audience, times, namespace and service account without asking the API server.
   * @throws AppError `unauthenticated`; `unavailable` when the cluster's keys were never to be had.
   */
  verify(token: string): Promise<PodClaims>
}

interface KeySet {
  readonly issuer: string
  readonly find: ReturnType<typeof createLocalJWKSet>
  readonly fetchedAt: number
}

/** Verifies projected service-account tokens offline, against the cluster's published keys. */
export function createTokenVerifier(options: {
  cluster: Pick<Cluster, "tokenKeys">
  clock: Clock
  audience: string
  namespace: string
  serviceAccount: string
}): TokenVerifier {
  const { clock, audience, namespace, serviceAccount } = options
  const keys = keyCache(options.cluster, clock)
  async function check(token: string, keySet: KeySet): Promise<JWTPayload> {
    const { payload } = await jwtVerify(token, keySet.find, {
      issuer: keySet.issuer,
      audience,
      subject: `system:serviceaccount:${namespace}:${serviceAccount}`,
      algorithms: ALGORITHMS,
      clockTolerance: CLOCK_SKEW_S,
      requiredClaims: ["exp", "iat"],
      currentDate: new Date(clock.now()),
    })
    return payload
  }
  return {
    async verify(token) {
      try {
        const keySet = await keys.current()
        const payload = await check(token, keySet).catch(async (error) => {
          if (!(error instanceof errors.JWKSNoMatchingKey)) throw error
          return await check(token, await keys.newerThan(keySet))
        })
        return podOf(payload, namespace)
      } catch (error) {
        if (error instanceof errors.JOSEError) throw refused(error.code, error)
        throw error
      }
    },
  }
}

function keyCache(cluster: Pick<Cluster, "tokenKeys">, clock: Clock) {
  let cached: KeySet | null = null
  let fetching: Promise<KeySet> | null = null
  let triedAt = Number.NEGATIVE_INFINITY
  let isAway = false
  async function load(): Promise<KeySet> {
    try {
      const { issuer, jwks } = await cluster.tokenKeys()
      // jose checks each key when it uses it.
      cached = { issuer, find: createLocalJWKSet(jwks as unknown as JSONWebKeySet), fetchedAt: clock.now() }
      isAway = false
      return cached
    } catch (cause) {
      isAway = true
      if (cached !== null) return cached
      throw new AppError("unavailable", "The cluster's token keys cannot be read at the moment.", {
        cause,
        retryAfter_s: 2,
      })
    } finally {
      fetching = null
      triedAt = clock.now()
    }
  }
  const fetchOnce = () => {
    fetching ??= load()
    return fetching
  }
  /** The answer that is under way, or a new one; null soon after the last one. */
  const next = () => (fetching !== null || clock.now() - triedAt >= REFETCH_AFTER_MS_MIN ? fetchOnce() : null)
  return {
    async current() {
      if (cached === null) return await fetchOnce()
      if (clock.now() - cached.fetchedAt <= KEYS_AGE_MS_MAX) return cached
      const fresh = next()
      // While the API server is away, requests do not wait for it one by one.
      return fresh === null || isAway ? cached : await fresh
    },
    newerThan: async (seen: KeySet) => (cached !== null && cached !== seen ? cached : ((await next()) ?? seen)),
  }
}

/** The claims of a token that is bound to a pod: `{"kubernetes.io": {namespace, pod: {name, uid}}}`. */
function podOf(payload: JWTPayload, namespace: string): PodClaims {
  const claims = payload["kubernetes.io"] as
    | { namespace?: unknown; pod?: { name?: unknown; uid?: unknown } }
    | undefined
  const { name, uid } = claims?.pod ?? {}
  if (claims?.namespace !== namespace || typeof name !== "string" || typeof uid !== "string" || uid === "") {
    throw refused("not bound to a pod of the session namespace")
  }
  return { podName: name, podUid: uid }
}

function refused(detail: string, cause?: unknown): AppError {
  return new AppError("unauthenticated", "The pod's token is not valid here.", {
    detail,
    ...(cause === undefined ? {} : { cause }),
  })
}
