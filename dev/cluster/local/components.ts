import { join } from "node:path"
import type { ToolName } from "../../tools/index.ts"
import { kubeconfigOf } from "./certificates.ts"
import { writeContainerdConfiguration } from "./containerd.ts"
import { writeKubeProxyConfiguration } from "./kube-proxy.ts"
import { writeKubeletConfiguration } from "./kubelet.ts"
import { files, network, ports } from "./settings.ts"

/** The programs of the node that are built, not installed from Debian. */
export const nodeTools = [
  "kube-apiserver",
  "kube-controller-manager",
  "kube-scheduler",
  "kubelet",
  "kube-proxy",
  "kubeadm",
  "kubectl",
  "coredns",
  "local-path-provisioner",
  "pause",
] as const satisfies readonly ToolName[]

export type NodeTools = Record<(typeof nodeTools)[number], string>

export type Component = {
  name: string
  command: string
  args: string[]
  /** The configuration file it reads: a change of it is a reason for a restart. */
  configuration?: string
}

/** What the node consists of, in the order of starting. Stopping goes the other way round. */
export const componentNames = [
  "containerd",
  "etcd",
  "kube-apiserver",
  "kube-controller-manager",
  "kube-scheduler",
  "kubelet",
  "kube-proxy",
] as const

const etcdUrl = `http://127.0.0.1:${ports.etcd}`

function etcd(): Component {
  return {
    name: "etcd",
    command: "etcd",
    args: [
      `--data-dir=${join(files.root, "etcd")}`,
      `--listen-client-urls=${etcdUrl}`,
      `--advertise-client-urls=${etcdUrl}`,
      `--listen-peer-urls=http://127.0.0.1:${ports.etcdPeer}`,
      `--initial-advertise-peer-urls=http://127.0.0.1:${ports.etcdPeer}`,
      `--initial-cluster=default=http://127.0.0.1:${ports.etcdPeer}`,
    ],
  }
}

function apiserver(tools: NodeTools): Component {
  const pki = (name: string) => join(files.pki, name)
  return {
    name: "kube-apiserver",
    command: tools["kube-apiserver"],
    args: [
      `--etcd-servers=${etcdUrl}`,
      `--advertise-address=${network.nodeAddress}`,
      `--bind-address=${network.nodeAddress}`,
      `--secure-port=${ports.apiserver}`,
      `--client-ca-file=${pki("ca.crt")}`,
      `--tls-cert-file=${pki("apiserver.crt")}`,
      `--tls-private-key-file=${pki("apiserver.key")}`,
      "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
      `--service-account-key-file=${pki("sa.pub")}`,
      `--service-account-signing-key-file=${pki("sa.key")}`,
      `--service-cluster-ip-range=${network.services}`,
      `--kubelet-client-certificate=${pki("apiserver-kubelet-client.crt")}`,
      `--kubelet-client-key=${pki("apiserver-kubelet-client.key")}`,
      // By address: the node's name is in no DNS.
      "--kubelet-preferred-address-types=InternalIP",
      "--authorization-mode=Node,RBAC",
      "--enable-admission-plugins=NodeRestriction",
      "--allow-privileged=true",
      `--requestheader-client-ca-file=${pki("front-proxy-ca.crt")}`,
      "--requestheader-allowed-names=front-proxy-client",
      "--requestheader-extra-headers-prefix=X-Remote-Extra-",
      "--requestheader-group-headers=X-Remote-Group",
      "--requestheader-username-headers=X-Remote-User",
      `--proxy-client-cert-file=${pki("front-proxy-client.crt")}`,
      `--proxy-client-key-file=${pki("front-proxy-client.key")}`,
    ],
  }
}

function controllerManager(tools: NodeTools): Component {
  const pki = (name: string) => join(files.pki, name)
  return {
    name: "kube-controller-manager",
    command: tools["kube-controller-manager"],
    args: [
      `--kubeconfig=${kubeconfigOf("controller-manager")}`,
      "--bind-address=127.0.0.1",
      `--service-account-private-key-file=${pki("sa.key")}`,
      `--root-ca-file=${pki("ca.crt")}`,
      `--cluster-signing-cert-file=${pki("ca.crt")}`,
      `--cluster-signing-key-file=${pki("ca.key")}`,
      "--use-service-account-credentials=true",
      `--cluster-cidr=${network.pods}`,
      "--leader-elect=false",
      // The defaults (20 and 30 requests a second) queue the StatefulSets of a dozen sessions that start together.
      "--kube-api-qps=100",
      "--kube-api-burst=200",
    ],
  }
}

function kubelet(tools: NodeTools): Component {
  const configuration = writeKubeletConfiguration()
  return {
    name: "kubelet",
    command: tools.kubelet,
    args: [
      `--config=${configuration}`,
      `--kubeconfig=${kubeconfigOf("kubelet")}`,
      `--hostname-override=${network.nodeName}`,
      `--node-ip=${network.nodeAddress}`,
      `--root-dir=${files.kubelet}`,
      `--cert-dir=${files.kubelet}/pki`,
    ],
    configuration,
  }
}

/** Writes the configuration files and describes every component, in the order of {@link componentNames}. */
export function components(tools: NodeTools): Component[] {
  const containerd = writeContainerdConfiguration()
  const proxy = writeKubeProxyConfiguration()
  return [
    { name: "containerd", command: "containerd", args: [`--config=${containerd}`], configuration: containerd },
    etcd(),
    apiserver(tools),
    controllerManager(tools),
    {
      name: "kube-scheduler",
      command: tools["kube-scheduler"],
      args: [`--kubeconfig=${kubeconfigOf("scheduler")}`, "--bind-address=127.0.0.1", "--leader-elect=false"],
    },
    kubelet(tools),
    { name: "kube-proxy", command: tools["kube-proxy"], args: [`--config=${proxy}`], configuration: proxy },
  ]
}
