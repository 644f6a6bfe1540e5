import { describe, expect, it } from "vitest"
import { chooseProvider, type Machine } from "./choose.ts"
import { pickAddress } from "./context.ts"
import { kindConfiguration } from "./kind.ts"
import { files } from "./local/settings.ts"
import { pickNodePort } from "./node-ports.ts"

const bare: Machine = { kubeconfig: undefined, hasDocker: false, hasKind: false, isDebian: true, isRoot: true }
const nothing = { provider: undefined, context: undefined, registry: "" }

describe("choosing where to run", () => {
  it.each([
    [
      "a cluster named by --context",
      { ...nothing, context: "c" },
      { ...bare, kubeconfig: "/k", hasDocker: true },
      "context",
    ],
    [
      "a cluster given by KUBECONFIG",
      nothing,
      { ...bare, kubeconfig: "/k", hasDocker: true, hasKind: true },
      "context",
    ],
    ["kind, where Docker and kind are", nothing, { ...bare, hasDocker: true, hasKind: true }, "kind"],
    ["a local node, where only Docker is", nothing, { ...bare, hasDocker: true }, "local"],
    ["the local node, when KUBECONFIG is its own", nothing, { ...bare, kubeconfig: files.kubeconfig }, "local"],
    ["what --provider says", { ...nothing, provider: "local" as const }, { ...bare, kubeconfig: "/k" }, "local"],
  ])("takes %s", (_, wish, machine, expected) => {
    expect(chooseProvider(wish, machine).name).toBe(expected)
  })

  it("says what can be done where there is nothing", () => {
    expect(() => chooseProvider(nothing, { ...bare, isRoot: false })).toThrow(/none can be made here/)
    expect(() => chooseProvider({ ...nothing, provider: "kind" }, bare)).toThrow(/running Docker daemon/)
  })
})

describe("the node port", () => {
  const service = (namespace: string, name: string, nodePort: number) => ({
    metadata: { namespace, name },
    spec: { ports: [{ nodePort }] },
  })

  it("stays what it is for a release that has one", () => {
    expect(pickNodePort({ items: [service("berth", "berth", 30083)] }, "berth", "berth")).toBe(30083)
  })

  it("is the next free one beside other releases", () => {
    const items = [service("a", "berth", 30080), service("b", "x", 30081)]
    expect(pickNodePort({ items }, "berth", "berth")).toBe(30082)
    expect(pickNodePort({ items: [] }, "berth", "berth")).toBe(30080)
  })

  it("answers on 127.0.0.1 only with kind", () => {
    expect(kindConfiguration().match(/listenAddress: .*/g)).toEqual(Array(5).fill("listenAddress: 127.0.0.1"))
  })
})

it("takes a node's external address before its internal one", () => {
  expect(pickAddress("InternalIP=10.0.0.1\nHostname=n\nExternalIP=203.0.113.9\n")).toBe("203.0.113.9")
  expect(pickAddress("InternalIP=fd00::1\n")).toBe("[fd00::1]")
})
