import { inject } from "vitest"
import type { Client } from "../../support/client.ts"
import { connectTo } from "./connect.ts"
// Brings the type of what `inject` answers.
import type {} from "./setup.ts"

/** The installation under test: signed in, with an administrator's view of its cluster. */
export async function openInstallation() {
  const installation = inject("installation")
  const { kube, controlPlane, client } = await connectTo(installation)
  return {
    ...installation,
    ...{ kube, controlPlane, client },
    /** A client of each replica, in the order of their names. */
    replicas: async (): Promise<Client[]> =>
      (await controlPlane.ready()).map(({ address }) => client.at(`${address}:8080`)),
  }
}

export type Installation = Awaited<ReturnType<typeof openInstallation>>
