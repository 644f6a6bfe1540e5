import { stateDir } from "../../../scripts/lib/paths.ts"

/** Folders and files of the local node. Everything is below `root` or `run`, so that removing it is simple. */
export const files = {
  root: stateDir("node"),
  pki: stateDir("node", "pki"),
  logs: stateDir("node", "logs"),
  records: stateDir("node", "processes"),
  kubeconfig: stateDir("node", "kubeconfig"),
  kubelet: stateDir("node", "kubelet"),
  volumes: stateDir("node", "volumes"),
  cni: stateDir("node", "cni"),
  containerd: stateDir("node", "containerd"),
  sysctls: stateDir("node", "sysctls.json"),
  addons: stateDir("node", "addons.sha256"),
  lock: stateDir("node.lock"),
  /** Sockets: their paths must stay below 108 characters, which a home folder does not promise. */
  run: "/run/berth",
  containerdSocket: "/run/berth/containerd.sock",
} as const

export const network = {
  bridge: "berth0",
  nodeName: "berth-local",
  /** On a bridge of its own: the kubelet refuses loopback, and nothing of the node may be open to the network. */
  nodeAddress: "10.250.0.1",
  pods: "10.244.0.0/16",
  /** What pods of this one node get: 1022 addresses. */
  nodePods: "10.244.0.0/22",
  services: "10.96.0.0/16",
  dns: "10.96.0.10",
} as const

/** Not the usual 2379 and 6443: an etcd or a cluster of the machine's owner may be there. */
export const ports = { etcd: 23790, etcdPeer: 23800, apiserver: 16443 } as const

export const images = {
  pause: "berth.local/pause:1",
  coredns: "berth.local/coredns:1.13.1",
  localPath: "berth.local/local-path-provisioner:0.0.30",
  /** The shell in which local-path-provisioner makes and removes folders; also the base of the data plane's image. */
  debian: "docker.io/library/debian:bookworm-slim",
} as const

/** What the node runs, all from Debian; the Kubernetes programs themselves are built. */
export const debianPackages = [
  "containerd",
  "runc",
  "containernetworking-plugins",
  "etcd-server",
  "iptables",
  "iproute2",
  "conntrack",
  "ebtables",
  "ethtool",
  "socat",
  "debootstrap",
  "util-linux",
] as const
