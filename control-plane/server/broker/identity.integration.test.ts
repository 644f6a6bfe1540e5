import { describe, expect, it } from "vitest"
import { call } from "../../../test/support/broker/call.ts"
import { startHarness } from "../../../test/support/broker/harness.ts"
import type { TokenClaims } from "../../../test/support/broker/stand-in-cluster.ts"

const broker = await startHarness({})

async function workload(token: string) {
  return await call(`${broker.url}/v1/workload`, {
    caFile: broker.caFile,
    headers: { authorization: `Bearer ${token}` },
  })
}

describe("a pod's proof", () => {
  it("is its own token: the answer is for the session of its workload", async () => {
    const session = await broker.addSession({ environment: { GREETING: "hello" } })
    const { status, body } = await workload(await session.token())
    expect(status).toBe(200)
    expect(JSON.parse(body)).toMatchObject({
      workload: session.workload,
      session: session.id,
      repository: null,
      environment: { GREETING: "hello" },
      git: { hosts: [], identity: { name: "Ada Lovelace", email: `${session.userId}@example.com` } },
    })
  })

  it("gives 204 while the workload is not bound to a session", async () => {
    const session = await broker.addSession({ bound: false })
    expect((await workload(await session.token())).status).toBe(204)
  })

  it.each<[string, TokenClaims]>([
    ["expired", { expiresIn: -60 }],
    ["for another audience", { audience: "https://kubernetes.default.svc" }],
    ["of another issuer", { issuer: "https://elsewhere.example.com" }],
    ["of another namespace", { namespace: "default" }],
    ["of another service account", { serviceAccount: "default" }],
    ["not bound to a pod", { pod: undefined as never }],
    ["of a pod that was replaced", { pod: { name: "", uid: "uid-of-the-old-one" } }],
  ])("is refused when the token is %s", async (_, claims) => {
    const session = await broker.addSession()
    const pod = { ...session.pod, ...claims.pod, name: session.pod.name }
    const token = await broker.cluster.signToken({ pod, ...claims, ...("pod" in claims && claims.pod ? { pod } : {}) })
    expect(await workload(token)).toMatchObject({ status: 401 })
  })

  it("is refused without a token, with garbage, and with the signature of another key", async () => {
    const session = await broker.addSession()
    const token = await session.token()
    const [head, claims] = token.split(".")
    for (const wrong of ["", "garbage", `${head}.${claims}.${"A".repeat(342)}`, `${head}.${claims}.`]) {
      expect((await workload(wrong)).status).toBe(401)
    }
    const none = Buffer.from('{"alg":"none"}').toString("base64url")
    expect((await workload(`${none}.${claims}.`)).status).toBe(401)
  })

  it("is refused from another address than the pod's", async () => {
    const session = await broker.addSession({ podAddress: "10.1.2.3" })
    const { status, body } = await workload(await session.token())
    expect(status).toBe(401)
    expect(body).not.toContain("10.1.2.3")
  })

  it("is refused once the pod is gone", async () => {
    const session = await broker.addSession()
    const token = await session.token()
    expect((await workload(token)).status).toBe(200)
    broker.cluster.removePod(session.pod.name)
    expect((await workload(token)).status).toBe(401)
  })

  it("is asked for live once before it is refused, because the cached view may be behind", async () => {
    const session = await broker.addSession()
    const token = await session.token()
    const pod = broker.cluster.pods.get(session.pod.name)
    broker.cluster.removePod(session.pod.name)
    if (pod !== undefined) broker.cluster.addPod(pod, true)
    expect((await workload(token)).status).toBe(200)
  })

  it("holds before the cluster tells the pod's address, for where the first call came from, until it is told", async () => {
    // Every pod of this file calls from loopback.
    for (const { metadata } of broker.cluster.pods.all()) broker.cluster.removePod(metadata?.name ?? "")
    const session = await broker.addSession({ podAddress: "10.1.2.4" })
    const token = await session.token()
    const pod = broker.cluster.pods.get(session.pod.name)
    broker.cluster.addPod({ ...pod, status: { phase: "Pending" } })
    expect((await workload(token)).status).toBe(200)
    expect((await workload(token)).status).toBe(200)
    if (pod !== undefined) broker.cluster.addPod(pod)
    expect((await workload(token)).status).toBe(401)
  })

  it("makes a pod without an address wait when the caller's is known to be another pod's", async () => {
    const [session, other] = [await broker.addSession(), await broker.addSession()]
    const pod = broker.cluster.pods.get(session.pod.name)
    broker.cluster.addPod({ ...pod, status: { phase: "Pending" } })
    const { status, headers } = await workload(await session.token())
    expect(status).toBe(503)
    expect(headers["retry-after"]).toBe("1")
    broker.cluster.removePod(other.pod.name)
  })

  it("ends with the session, and with its owner's account", async () => {
    const deleted = await broker.addSession()
    await broker.database.raw("UPDATE sessions SET desired = 'deleted' WHERE id = ?", [deleted.id])
    expect((await workload(await deleted.token())).body).toContain("deleted")
    const disabled = await broker.addSession()
    await broker.database.raw("UPDATE users SET disabled_at = now() WHERE id = ?", [disabled.userId])
    expect((await workload(await disabled.token())).body).toContain("disabled")
  })
})

describe("a report", () => {
  async function report(token: string, body: unknown) {
    return await call(`${broker.url}/v1/report`, {
      caFile: broker.caFile,
      method: "POST",
      headers: { authorization: `Bearer ${token}` },
      body: typeof body === "string" ? body : JSON.stringify(body),
    })
  }
  const stored = async (workload: string) =>
    (await broker.database.raw("SELECT report, report_pod_uid FROM workloads WHERE id = ?", [workload])).rows[0]

  it("is kept with the workload; what the containers of one pod say adds up", async () => {
    const session = await broker.addSession()
    const token = await session.token()
    await report(token, { source: "workspace-init", phase: "failed", code: "clone_refused", message: "no" })
    await report(token, { source: "agent", helpers: { settingsPresent: true, names: ["fetch-token"] } })
    await report(token, { source: "workspace-init", phase: "ready" })
    expect(await stored(session.workload)).toEqual({
      report: { source: "workspace-init", phase: "ready", helpers: { settingsPresent: true, names: ["fetch-token"] } },
      report_pod_uid: session.pod.uid,
    })
  })

  it("that is not one is refused: another form, too large, not JSON", async () => {
    const session = await broker.addSession()
    const token = await session.token()
    expect((await report(token, { source: "elsewhere" })).status).toBe(400)
    expect((await report(token, "{")).status).toBe(400)
    expect((await report(token, { source: "agent", message: "x".repeat(20_000) })).status).toBe(413)
    expect(await stored(session.workload)).toEqual({ report: null, report_pod_uid: null })
  })

  it("too many of them are refused, so that an agent cannot flood the engine", async () => {
    const session = await broker.addSession()
    const token = await session.token()
    const statuses: number[] = []
    for (let count = 0; count < 31; count++) statuses.push((await report(token, { source: "agent" })).status)
    expect(statuses.slice(0, 30).every((status) => status === 202)).toBe(true)
    expect(statuses[30]).toBe(429)
  })
})
