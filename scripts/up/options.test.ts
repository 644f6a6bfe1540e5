import { describe, expect, it } from "vitest"
import { parseDownOptions, parseUpOptions, UsageError } from "./options.ts"

describe("the options of up", () => {
  it("have defaults for everything", () => {
    expect(parseUpOptions([])).toEqual({
      namespace: "berth",
      release: "berth",
      provider: undefined,
      context: undefined,
      registry: "",
      replicas: 1,
      values: [],
      providerJson: undefined,
      demo: true,
      json: false,
    })
  })

  it("are read as they are given", () => {
    const args = "--no-demo --json --replicas 3 --values a --values b --registry r.example/x/ --context c".split(" ")
    expect(parseUpOptions(args)).toMatchObject({
      demo: false,
      json: true,
      replicas: 3,
      values: ["a", "b"],
      registry: "r.example/x",
      context: "c",
    })
  })

  it("are not needed for help", () => expect(parseUpOptions(["--help"])).toBeUndefined())

  it.each([
    [["--replicas", "0"], /1 to 20/],
    [["--replicas", "two"], /1 to 20/],
    [["--provider", "minikube"], /local, kind, context/],
    [["--provider", "local", "--context", "c"], /does not go with/],
    [["--namespace", "Not_A_Name"], /--namespace/],
    [["--unknown"], /--unknown/],
    [["stray"], /stray/],
  ])("%j is refused with a word on what is wrong", (args, message) => {
    expect(() => parseUpOptions(args)).toThrow(UsageError)
    expect(() => parseUpOptions(args)).toThrow(message)
  })
})

it("the options of down can keep the cluster", () => {
  expect(parseDownOptions(["--keep-cluster"])?.keepCluster).toBe(true)
  expect(parseDownOptions([])?.keepCluster).toBe(false)
})
