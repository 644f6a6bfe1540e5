import { describe, expect, test } from "vitest"
import { type Dependencies, ensureBrokerCa, ensureSecrets } from "./ensure.ts"
import type { ObjectHead, Objects } from "./objects.ts"
import { type Plan, parsePlan } from "./plan.ts"

const plan: Plan = {
  namespace: "ns",
  labels: { "berth.dev/release": "berth" },
  secrets: [
    { name: "better-auth", annotations: { note: "mine" }, keys: { secret: { kind: "token" } } },
    {
      name: "berth-admin",
      keys: { email: { kind: "literal", value: "admin@berth.local" }, password: { kind: "password" } },
    },
  ],
  brokerTls: { secret: "berth-broker-tls", create: true, dnsNames: ["berth-broker.ns.svc"] },
  brokerCa: { namespace: "sessions", configMap: "berth-broker-ca" },
}

/** Objects of one kind in memory, with the two answers of Kubernetes that matter here: missing and conflict. */
class Memory implements Objects {
  readonly stored = new Map<string, { head: ObjectHead; data: Record<string, string>; version: number }>()
  writes = 0
  /** Called before each write: somebody else's chance. */
  before = () => {}

  async read(namespace: string, name: string) {
    const found = this.stored.get(`${namespace}/${name}`)
    const plain = { annotations: {}, immutable: false, externalSecret: null }
    return found ? { ...plain, data: { ...found.data }, version: String(found.version) } : null
  }

  async create(head: ObjectHead, data: Record<string, string>) {
    this.before()
    const key = `${head.namespace}/${head.name}`
    if (this.stored.has(key)) return false
    this.writes++
    this.stored.set(key, { head, data, version: 1 })
    return true
  }

  async patch(head: ObjectHead, version: string, data: Record<string, string>) {
    this.before()
    const found = this.stored.get(`${head.namespace}/${head.name}`)
    if (!found || String(found.version) !== version) return false
    this.writes++
    Object.assign(found.data, data)
    found.version++
    return true
  }
}

function setUp() {
  const lines: string[] = []
  const secrets = new Memory()
  const configMaps = new Memory()
  const deps: Dependencies = {
    secrets,
    configMaps,
    externalSecrets: { readsStore: async () => false },
    now: () => new Date(),
    sleep: async () => {},
    say: (line) => lines.push(line),
  }
  const data = (name: string) => secrets.stored.get(`ns/${name}`)?.data ?? {}
  return { deps, secrets, configMaps, lines, data }
}

describe("the secrets Job", () => {
  test("makes what is missing, and a second run changes nothing", async () => {
    const { deps, secrets, configMaps, lines, data } = setUp()
    await ensureSecrets(plan, deps)
    await ensureBrokerCa(plan, deps)
    expect(Object.keys(data("better-auth"))).toEqual(["secret"])
    expect(data("berth-admin")["email"]).toBe("admin@berth.local")
    expect(Object.keys(data("berth-broker-tls")).sort()).toEqual(["ca.crt", "tls.crt", "tls.key"])
    expect(configMaps.stored.get("sessions/berth-broker-ca")?.data).toEqual({
      "ca.crt": data("berth-broker-tls")["ca.crt"],
    })
    expect(secrets.stored.get("ns/better-auth")?.head).toMatchObject({
      labels: plan.labels,
      annotations: { note: "mine" },
    })
    const before = JSON.stringify([...secrets.stored])
    lines.length = 0
    await ensureSecrets(plan, deps)
    await ensureBrokerCa(plan, deps)
    expect(JSON.stringify([...secrets.stored])).toBe(before)
    expect(lines.every((line) => line.startsWith("[kept]"))).toBe(true)
  })

  test("fills only the key that is missing and never overwrites one", async () => {
    const { deps, secrets, data } = setUp()
    const head = { namespace: "ns", name: "berth-admin", labels: {}, annotations: {} }
    await secrets.create(head, { password: "chosen by hand", other: "kept" })
    await ensureSecrets(plan, deps)
    expect(data("berth-admin")).toEqual({
      email: "admin@berth.local",
      password: "chosen by hand",
      other: "kept",
    })
  })

  test("uses what another run made at the same moment", async () => {
    const { deps, secrets, data } = setUp()
    secrets.before = () => {
      secrets.before = () => {}
      const head = { namespace: "ns", name: "better-auth", labels: {}, annotations: {} }
      secrets.stored.set("ns/better-auth", { head, data: { secret: "theirs" }, version: 1 })
    }
    await ensureSecrets(plan, deps)
    expect(data("better-auth")).toEqual({ secret: "theirs" })
  })

  test("gives up with words when an object never holds still", async () => {
    const { deps, secrets } = setUp()
    await secrets.create({ namespace: "ns", name: "better-auth", labels: {}, annotations: {} }, {})
    secrets.before = () => {
      for (const one of secrets.stored.values()) one.version++
    }
    await expect(ensureSecrets(plan, deps)).rejects.toThrow(
      "Secret ns/better-auth is being changed by another program; gave up after 5 attempts",
    )
  })

  test("writes no value into its log", async () => {
    const { deps, secrets, lines } = setUp()
    await ensureSecrets(plan, deps)
    const log = lines.join("\n")
    const values = [...secrets.stored.values()].flatMap(({ data }) =>
      Object.entries(data).flatMap(([key, value]) => (key === "email" ? [] : [value])),
    )
    expect(values.length).toBe(5)
    for (const value of values) expect(log).not.toContain(value)
  })

  test("leaves a given broker certificate alone and publishes its authority", async () => {
    const { deps, secrets, configMaps, data } = setUp()
    const given: Plan = { ...plan, secrets: [], brokerTls: { ...plan.brokerTls, secret: "mine", create: false } }
    await ensureSecrets(given, deps)
    await secrets.create({ namespace: "ns", name: "mine", labels: {}, annotations: {} }, { "ca.crt": "my authority" })
    await ensureBrokerCa(given, deps)
    expect(configMaps.stored.get("sessions/berth-broker-ca")?.data).toEqual({ "ca.crt": "my authority" })
    expect(data("mine")).toEqual({ "ca.crt": "my authority" })
  })

  test("waits for a given broker certificate, and says which part of it does not come", async () => {
    const given: Plan = { ...plan, brokerTls: { ...plan.brokerTls, secret: "mine", create: false } }
    const head = { namespace: "ns", name: "mine", labels: {}, annotations: {} }
    const { deps, secrets, configMaps, lines } = setUp()
    await expect(ensureBrokerCa(given, deps)).rejects.toThrow("Secret ns/mine does not exist: it has to hold")
    await secrets.create(head, { "tls.crt": "a certificate" })
    await expect(ensureBrokerCa(given, deps)).rejects.toThrow("Secret ns/mine has no key ca.crt")
    expect(lines.filter((line) => line.startsWith("[waits]"))).toHaveLength(2)
    let looks = 0
    const sleep = async () => {
      looks++
      if (looks === 3) secrets.stored.set("ns/mine", { head, data: { "ca.crt": "my authority" }, version: 2 })
    }
    await ensureBrokerCa(given, { ...deps, sleep })
    expect(looks).toBe(3)
    expect(configMaps.stored.get("sessions/berth-broker-ca")?.data).toEqual({ "ca.crt": "my authority" })
  })

  test("renews a certificate that lacks a name and keeps the authority before it trusted", async () => {
    const { deps, data } = setUp()
    await ensureSecrets(plan, deps)
    const before = { ...data("berth-broker-tls") }
    const moved: Plan = { ...plan, brokerTls: { ...plan.brokerTls, dnsNames: ["other.ns.svc"] } }
    await ensureSecrets(moved, deps)
    const after = data("berth-broker-tls")
    expect(after["tls.key"]).not.toBe(before["tls.key"])
    expect(after["ca.crt"]?.endsWith(before["ca.crt"] ?? "")).toBe(true)
  })

  test("says what is wrong with a plan", () => {
    expect(() => parsePlan(undefined)).toThrow("BERTH_SECRETS_PLAN: plan must be object")
    expect(parsePlan(JSON.stringify(plan))).toEqual(plan)
  })
})
