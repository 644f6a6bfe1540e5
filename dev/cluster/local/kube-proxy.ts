import { join } from "node:path"
import { stringify } from "yaml"
import { writeIfChanged } from "../../../scripts/lib/files.ts"
import { kubeconfigOf } from "./certificates.ts"
import { files, network } from "./settings.ts"

/** Writes kube-proxy's configuration and answers its file. */
export function writeKubeProxyConfiguration(): string {
  const file = join(files.root, "kube-proxy.yaml")
  const configuration = {
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    mode: "iptables",
    clusterCIDR: network.pods,
    hostnameOverride: network.nodeName,
    clientConnection: { kubeconfig: kubeconfigOf("kube-proxy") },
    // NodePorts answer on this machine only, never on its network interfaces.
    nodePortAddresses: ["127.0.0.0/8", `${network.nodeAddress}/32`],
    // The limits of the machine's connection table are its owner's.
    conntrack: { maxPerCore: 0, tcpEstablishedTimeout: "0s", tcpCloseWaitTimeout: "0s" },
  }
  writeIfChanged(file, stringify(configuration))
  return file
}
