import { beforeAll, expect, test } from "vitest"
import { burstSession } from "../bursts/bursts.ts"
import { unanswered } from "../bursts/report.ts"
import { seeded } from "../support/sessions/random.ts"
import { type Installation, openInstallation } from "./support/installation.ts"

let installation: Installation
beforeAll(async () => {
  installation = await openInstallation()
  await installation.controlPlane.waitFor(2)
})

test("bursts of prompts are each answered, in their order, while replicas are killed one after the other", async () => {
  const { client, controlPlane } = installation
  const random = seeded(3)
  let over = false
  const bursts = Promise.all([1, 2].map(() => burstSession({ client, prompts: 12, random }))).finally(() => {
    over = true
  })
  while (!over) {
    const [first] = await controlPlane.waitFor(2)
    if (first !== undefined && !over) await controlPlane.kill(first)
    // Until the other has taken over and the killed one is replaced.
    await controlPlane.waitFor(2, first === undefined ? [] : [first.name])
  }
  for (const result of await bursts) {
    expect({ sent: result.sent, unanswered: unanswered(result) }).toEqual({ sent: 12, unanswered: 0 })
    expect(result.prompts.map(({ outcome }) => outcome)).toEqual(Array.from({ length: 12 }, () => "answered"))
  }
})
