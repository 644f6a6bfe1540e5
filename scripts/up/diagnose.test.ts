import { expect, it } from "vitest"
import { explainPods } from "./diagnose.ts"

const pod = (name: string, status: object) => ({ metadata: { name }, status })

it("names the pods that are not ready, and why", () => {
  const waiting = { reason: "ImagePullBackOff", message: "Back-off pulling image" }
  const pods = [
    pod("fine", { phase: "Running", containerStatuses: [{ name: "c", ready: true, state: {} }] }),
    pod("done", { phase: "Succeeded", containerStatuses: [{ name: "c", ready: false, state: {} }] }),
    pod("image", { phase: "Pending", containerStatuses: [{ name: "c", ready: false, state: { waiting } }] }),
    pod("place", {
      conditions: [{ type: "PodScheduled", status: "False", message: "0/1 nodes: Insufficient memory" }],
    }),
    pod("slow", { phase: "Running", containerStatuses: [{ name: "c", ready: false, state: {} }] }),
    pod("dead", { containerStatuses: [{ name: "c", ready: false, state: { terminated: { exitCode: 78 } } }] }),
  ]
  expect(explainPods(pods)).toEqual([
    "image/c: ImagePullBackOff: Back-off pulling image",
    "place: not scheduled: 0/1 nodes: Insufficient memory",
    "slow/c: running, not ready",
    "dead/c: ended with status 78",
  ])
})
