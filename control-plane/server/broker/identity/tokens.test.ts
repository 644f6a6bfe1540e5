import { beforeEach, expect, test } from "vitest"
import { createStandInCluster, type StandInCluster } from "../../../../test/support/broker/stand-in-cluster.ts"
import { systemClock } from "../../time/index.ts"
import { createTokenVerifier, type TokenVerifier } from "./tokens.ts"

const pod = { name: "berth-s-a-0", uid: "uid-a" }
const claims = { podName: pod.name, podUid: pod.uid }
const LONG_S = 4 * 3_600
let passed_ms: number
let down: boolean
let cluster: StandInCluster
let tokens: TokenVerifier

beforeEach(() => {
  passed_ms = 0
  down = false
  cluster = createStandInCluster()
  const { tokenKeys } = cluster
  cluster.tokenKeys = async () => {
    const keys = await tokenKeys()
    if (down) throw new Error("connect ECONNREFUSED")
    return keys
  }
  const clock = { ...systemClock, now: () => Date.now() + passed_ms }
  tokens = createTokenVerifier({
    cluster,
    clock,
    audience: "berth-broker",
    namespace: "berth-sessions",
    serviceAccount: "berth-session",
  })
})

const sign = () => cluster.signToken({ pod, expiresIn: LONG_S })
const asked = () => cluster.calls.tokenKeys

test("the cluster's keys are read once for many tokens, and again for a key that is new", async () => {
  const old = await sign()
  for (let count = 0; count < 5; count++) expect(await tokens.verify(await sign())).toEqual(claims)
  expect(asked()).toBe(1)
  cluster.rotateKeys()
  passed_ms = 11_000
  expect(await tokens.verify(await sign())).toEqual(claims)
  expect(asked()).toBe(2)
  await expect(tokens.verify(old)).rejects.toMatchObject({ code: "unauthenticated" })
})

test("keys that nobody knows do not make the broker ask again and again", async () => {
  await tokens.verify(await sign())
  const other = createStandInCluster()
  other.rotateKeys()
  const forged = await other.signToken({ pod })
  for (let count = 0; count < 20; count++) {
    passed_ms += 1_000
    await expect(tokens.verify(forged)).rejects.toMatchObject({ code: "unauthenticated" })
  }
  expect(asked()).toBeLessThanOrEqual(3)
})

test("a key that the cluster has withdrawn stops counting within an hour", async () => {
  const token = await sign()
  await tokens.verify(token)
  cluster.rotateKeys()
  passed_ms = 3_601_000
  await expect(tokens.verify(token)).rejects.toMatchObject({ code: "unauthenticated" })
})

test("while the API server is away the known keys count on, and it is not asked for each request", async () => {
  const token = await sign()
  await tokens.verify(token)
  down = true
  passed_ms = 3_601_000
  for (let count = 0; count < 20; count++) expect(await tokens.verify(token)).toEqual(claims)
  expect(asked()).toBe(2)
  passed_ms += 11_000
  await tokens.verify(token)
  expect(asked()).toBe(3)
  down = false
  cluster.rotateKeys()
  passed_ms += 11_000
  await tokens.verify(token)
  const verified = () => tokens.verify(token).catch(({ code }) => code)
  await expect.poll(verified, { timeout: 60_000 }).toBe("unauthenticated")
})

test("without ever having had the keys, it says so and to try again", async () => {
  down = true
  await expect(tokens.verify(await sign())).rejects.toMatchObject({ code: "unavailable", retryAfter_s: 2 })
  down = false
  expect(await tokens.verify(await sign())).toEqual(claims)
})
