import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { writeIfChanged } from "../../../scripts/lib/files.ts"
import type { Run } from "../../../scripts/lib/run.ts"
import { files, images, network } from "./settings.ts"

function configuration(): string {
  return `version = 2
root = "${files.containerd}"
state = "${files.run}/containerd"

[grpc]
  address = "${files.containerdSocket}"

[plugins."io.containerd.internal.v1.opt"]
  path = "${files.containerd}/opt"

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${images.pause}"
  # Without CAP_SYS_RESOURCE (a container, a small VM) runc cannot lower the score, and every sandbox dies with
  # "can't get final child's PID from pipe: EOF". This keeps the score at the daemon's own instead.
  restrict_oom_score_adj = true

  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "${files.cni}/conf"

  [plugins."io.containerd.grpc.v1.cri".containerd]
    default_runtime_name = "runc"

    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
`
}

/** ptp routes every pod through the host, so that Service addresses work between pods of one node. */
function cniConfiguration(): string {
  return JSON.stringify({
    cniVersion: "1.0.0",
    name: "berth",
    plugins: [
      {
        type: "ptp",
        ipMasq: false,
        ipam: {
          type: "host-local",
          dataDir: `${files.cni}/addresses`,
          ranges: [[{ subnet: network.nodePods }]],
          routes: [{ dst: "0.0.0.0/0" }],
        },
      },
    ],
  })
}

/** Writes the daemon's and the pod network's configuration and answers the daemon's file. */
export function writeContainerdConfiguration(): string {
  mkdirSync(join(files.cni, "conf"), { recursive: true })
  mkdirSync(files.run, { recursive: true, mode: 0o711 })
  writeIfChanged(join(files.cni, "conf", "10-berth.conflist"), cniConfiguration())
  const file = join(files.root, "containerd.toml")
  writeIfChanged(file, configuration())
  return file
}

const ctr = ["--address", files.containerdSocket, "--namespace", "k8s.io"]

/** Names of the images on the node. */
export async function nodeImages(run: Run): Promise<Set<string>> {
  return new Set((await run("ctr", [...ctr, "images", "list", "-q"], { quiet: true })).split("\n").filter(Boolean))
}

/** Puts the images of a `docker save` archive on the node. */
export async function importArchive(run: Run, file: string): Promise<void> {
  await run("ctr", [...ctr, "images", "import", file])
}
