import { describe, expect, it } from "vitest"
import { removalScript } from "./network.ts"

const saved = `*nat
:PREROUTING ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:DOCKER - [0:0]
:KUBE-SERVICES - [0:0]
:BERTH-MASQUERADE - [0:0]
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -j BERTH-MASQUERADE
-A KUBE-SERVICES -m comment --comment "x" -j KUBE-SVC-1
-A BERTH-MASQUERADE -s 10.244.0.0/16 ! -d 10.244.0.0/16 -j MASQUERADE
COMMIT
`

describe("removing the node's firewall chains", () => {
  it("deletes the jumps into them, then the chains, and leaves other programs' rules alone", () => {
    expect(removalScript("nat", saved).split("\n")).toEqual([
      "*nat",
      '-D PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES',
      "-D POSTROUTING -j BERTH-MASQUERADE",
      "-F KUBE-SERVICES",
      "-F BERTH-MASQUERADE",
      "-X KUBE-SERVICES",
      "-X BERTH-MASQUERADE",
      "COMMIT",
      "",
    ])
  })

  it("says nothing for a table without them", () => {
    expect(removalScript("filter", "*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n")).toBe("")
  })
})
