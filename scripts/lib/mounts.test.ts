import { expect, it } from "vitest"
import { mountsBelow, unmountBelow } from "./mounts.ts"

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

const rootfs = "/run/node/rootfs"
const mounted = `40 1 0:40 / ${rootfs} rw - overlay overlay rw\n`

it("does not mind a mount that another program has unmounted between the look and its turn", async () => {
  const looks = [mounted, ""]
  const asked: string[][] = []
  const run = async (command: string, args: string[]) => {
    asked.push([command, ...args])
    throw new Error(`${rootfs}: not mounted.`)
  }
  await unmountBelow(run, ["/run/node"], () => looks.shift() ?? "")
  expect(asked).toEqual([["umount", "-l", rootfs]])
})

it("tells what cannot be unmounted", async () => {
  const run = () => Promise.reject(new Error("not permitted"))
  await expect(unmountBelow(run, ["/run/node"], () => mounted)).rejects.toThrow("not permitted")
})
