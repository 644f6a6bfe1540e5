import { existsSync } from "node:fs"
import { join } from "node:path"
import { stringify } from "yaml"
import { writeIfChanged } from "../../../scripts/lib/files.ts"
import { files, network } from "./settings.ts"

/** Writes the kubelet's configuration and answers its file. */
export function writeKubeletConfiguration(): string {
  // systemd-resolved puts a loopback address in /etc/resolv.conf, which means the pod itself inside a pod.
  const resolved = "/run/systemd/resolve/resolv.conf"
  const file = join(files.root, "kubelet.yaml")
  const configuration = {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    address: network.nodeAddress,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: join(files.pki, "ca.crt") },
    },
    authorization: { mode: "Webhook" },
    cgroupDriver: "cgroupfs",
    failCgroupV1: false,
    failSwapOn: false,
    clusterDNS: [network.dns],
    clusterDomain: "cluster.local",
    resolvConf: existsSync(resolved) ? resolved : "/etc/resolv.conf",
    containerRuntimeEndpoint: `unix://${files.containerdSocket}`,
    // One session is one pod; 110, the default, is too few to try out more than a handful of users.
    maxPods: 500,
    // Images are loaded by hand and cannot be pulled again: never collect them.
    imageGCHighThresholdPercent: 100,
    evictionHard: { "memory.available": "200Mi", "nodefs.available": "2%", "imagefs.available": "2%" },
    // A node that is used for trying out has no maintenance windows: what is stopped must stop at once.
    shutdownGracePeriod: "0s",
    podLogsDir: join(files.root, "pod-logs"),
    volumePluginDir: join(files.root, "volume-plugins"),
  }
  writeIfChanged(file, stringify(configuration))
  return file
}
