import { chmodSync, existsSync, renameSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { stringify } from "yaml"
import type { Run } from "../../../scripts/lib/run.ts"
import { files, network, ports } from "./settings.ts"

const kubernetesVersion = "v1.34.4"

function kubeadmConfig(): string {
  return [
    {
      apiVersion: "kubeadm.k8s.io/v1beta4",
      kind: "InitConfiguration",
      localAPIEndpoint: { advertiseAddress: network.nodeAddress, bindPort: ports.apiserver },
      nodeRegistration: { name: network.nodeName, criSocket: `unix://${files.containerdSocket}` },
    },
    {
      apiVersion: "kubeadm.k8s.io/v1beta4",
      kind: "ClusterConfiguration",
      kubernetesVersion,
      certificatesDir: files.pki,
      networking: { serviceSubnet: network.services, podSubnet: network.pods },
    },
  ]
    .map((document) => stringify(document))
    .join("---\n")
}

/** Path of one component's kubeconfig. */
export function kubeconfigOf(component: string): string {
  return join(files.root, `${component}.conf`)
}

/** Makes the certificates and kubeconfigs that are missing. What exists is kept: the node's identity survives a restart. */
export async function ensureCertificates(kubeadm: string, run: Run): Promise<void> {
  const config = join(files.root, "kubeadm.yaml")
  writeFileSync(config, kubeadmConfig())
  if (!existsSync(join(files.pki, "sa.pub"))) await run(kubeadm, ["init", "phase", "certs", "all", "--config", config])
  for (const component of ["kubelet", "controller-manager", "scheduler"]) {
    if (existsSync(kubeconfigOf(component))) continue
    await run(kubeadm, ["init", "phase", "kubeconfig", component, "--config", config, "--kubeconfig-dir", files.root])
  }
  if (!existsSync(kubeconfigOf("kube-proxy"))) {
    const user = ["kubeconfig", "user", "--client-name", "system:kube-proxy", "--config", config]
    writeFileSync(kubeconfigOf("kube-proxy"), await run(kubeadm, user, { quiet: true }), { mode: 0o600 })
  }
  if (!existsSync(files.kubeconfig)) {
    // "super-admin" is in system:masters: it works before any role binding exists.
    await run(kubeadm, [
      "init",
      "phase",
      "kubeconfig",
      "super-admin",
      "--config",
      config,
      "--kubeconfig-dir",
      files.root,
    ])
    renameSync(kubeconfigOf("super-admin"), files.kubeconfig)
    chmodSync(files.kubeconfig, 0o600)
  }
}
