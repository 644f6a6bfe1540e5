import { describe, expect, it } from "vitest"
import { aContainer, aPod as pod } from "../../../test/support/workloads/observation.ts"
import { computeSteps, firstSteps, type StepsInput, sameSteps, startedAt } from "./steps.ts"

const compute = (fields: Partial<StepsInput>) =>
  computeSteps({ previous: firstSteps(100), pod: null, report: null, ready: false, trouble: null, now: 200, ...fields })
const states = (fields: Partial<StepsInput>) => compute(fields).map((step) => step.state)

const waiting = aContainer({ name: "workspace-init" })
const cloning = aContainer({ name: "workspace-init", state: "running" })
const cloned = { podUid: "pod-1", body: { source: "workspace-init", phase: "ready" } } as const

describe("the steps of a start", () => {
  it("begin with the search for a node", () => {
    expect(states({})).toEqual(["active", "pending", "pending", "pending"])
    expect(startedAt(firstSteps(100), 0)).toBe(100)
  })

  it("follow the pod: image, workspace, agent", () => {
    expect(states({ pod: pod({ containers: [waiting] }) })).toEqual(["done", "active", "pending", "pending"])
    expect(states({ pod: pod({ containers: [cloning] }) })).toEqual(["done", "done", "active", "pending"])
    const pulling = pod({ containers: [cloning, aContainer({ name: "agent" })] })
    expect(states({ pod: pulling })).toEqual(["done", "active", "pending", "pending"])
    const prepared = { pod: pod({ containers: [cloning] }), report: cloned }
    expect(states(prepared)).toEqual(["done", "done", "done", "active"])
  })

  it("go on with what the workspace tells before the kubelet tells anything", () => {
    const reported = (phase: "configuring" | "ready") => ({
      pod: pod({ containers: [waiting] }),
      report: { podUid: "pod-1", body: { source: "workspace-init", phase } as const },
    })
    expect(states(reported("configuring"))).toEqual(["done", "done", "active", "pending"])
    expect(states(reported("ready"))).toEqual(["done", "done", "done", "active"])
  })

  it("are all done when the agent is in step, whatever the kubelet has said so far", () => {
    const steps = compute({ ready: true })
    expect(steps.map((step) => step.state)).toEqual(["done", "done", "done", "done"])
    expect(steps.every((step) => step.startedAt !== null && step.endedAt !== null)).toBe(true)
  })

  it("never go back on what is older than what was seen", () => {
    const previous = compute({ pod: pod({ containers: [cloning] }), report: cloned })
    expect(states({ previous, pod: pod({ containers: [waiting] }) })).toEqual(["done", "done", "done", "active"])
  })

  it("keep the times of what is done", () => {
    const previous = compute({ pod: pod({ containers: [cloning] }), now: 150 })
    const later = compute({ previous, ready: true, now: 300 })
    expect(later[0]).toEqual(previous[0])
    expect(later[3]).toMatchObject({ endedAt: 300 })
  })

  it("show what stands in the way at its step, in the words of who said it", () => {
    const trouble = { code: "unschedulable", message: "no room", final: false }
    expect(compute({ trouble })[0]).toMatchObject({ name: "scheduled", state: "active", detail: "no room" })
    const refused = { code: "clone_refused", message: "denied", final: true }
    const steps = compute({ trouble: refused, pod: pod({ containers: [cloning] }) })
    expect(steps[2]).toMatchObject({ name: "workspace", state: "failed", detail: "denied", endedAt: 200 })
    expect(steps[3]).toMatchObject({ state: "pending" })
  })

  it("show what workspace-init reports, and not what an earlier pod's did", () => {
    const body = { source: "workspace-init", phase: "cloning", message: "Cloning example" } as const
    const observed = pod({ containers: [cloning] })
    expect(compute({ pod: observed, report: { podUid: "pod-1", body } })[2]?.detail).toBe("Cloning example")
    expect(compute({ pod: observed, report: { podUid: "old", body } })[2]?.detail).toBeNull()
  })

  it("are the same when nothing was learned", () => {
    const steps = compute({ pod: pod({ containers: [cloning] }) })
    expect(sameSteps(steps, compute({ previous: steps, pod: pod({ containers: [cloning] }), now: 900 }))).toBe(true)
  })
})
