import { expect, it } from "vitest"
import { mountsBelow } from "./mounts.ts"

const mountinfo = `21 1 0:20 / /sys rw - sysfs sysfs rw
30 1 0:30 / /state/node/kubelet/pods/a/volumes/token rw - tmpfs tmpfs rw
31 1 0:31 / /state/node/kubelet/pods/a rw - tmpfs tmpfs rw
32 1 0:32 / /state/node-of-somebody-else rw - tmpfs tmpfs rw
33 1 0:33 / /state/node/with\\040space rw - tmpfs tmpfs rw
`

it("finds the mounts below a folder, deepest first, and none beside it", () => {
  expect(mountsBelow(mountinfo, ["/state/node"])).toEqual([
    "/state/node/with space",
    "/state/node/kubelet/pods/a/volumes/token",
    "/state/node/kubelet/pods/a",
  ])
})
