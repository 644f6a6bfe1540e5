/** How one Go program is built: `modules/<module>/go.mod` and `go.sum` pin it and everything it is made of. */
export type Tool = {
  /** Folder below `modules/`, and the name of the tool in the cache. */
  module: string
  version: string
  package: string
  ldflags: string
}

// 1.34 is the last minor release whose kubelet runs on cgroup v1 without being told to.
const kubernetes = "1.34.4"
const version = "k8s.io/component-base/version"

function kubernetesTool(name: string): Tool {
  const stamp = [`gitVersion=v${kubernetes}`, "gitMajor=1", "gitMinor=34"]
    .map((part) => `-X ${version}.${part}`)
    .join(" ")
  return {
    module: "kubernetes",
    version: kubernetes,
    package: `k8s.io/kubernetes/cmd/${name}`,
    ldflags: `-s -w ${stamp}`,
  }
}

export const catalog = {
  "kube-apiserver": kubernetesTool("kube-apiserver"),
  "kube-controller-manager": kubernetesTool("kube-controller-manager"),
  "kube-scheduler": kubernetesTool("kube-scheduler"),
  kubelet: kubernetesTool("kubelet"),
  "kube-proxy": kubernetesTool("kube-proxy"),
  kubeadm: kubernetesTool("kubeadm"),
  kubectl: kubernetesTool("kubectl"),
  coredns: { module: "coredns", version: "1.13.1", package: "github.com/coredns/coredns", ldflags: "-s -w" },
  helm: {
    module: "helm",
    version: "3.19.2",
    package: "helm.sh/helm/v3/cmd/helm",
    // Without a cluster, charts see the Kubernetes version that is linked in here (1.20 when nothing is said).
    ldflags: [
      "-s -w -X helm.sh/helm/v3/internal/version.version=v3.19.2",
      "-X helm.sh/helm/v3/pkg/chartutil.k8sVersionMajor=1 -X helm.sh/helm/v3/pkg/chartutil.k8sVersionMinor=34",
    ].join(" "),
  },
  "helm-unittest": {
    module: "helm-unittest",
    version: "1.1.2",
    package: "github.com/helm-unittest/helm-unittest/cmd/helm-unittest",
    ldflags: "-s -w",
  },
  kubeconform: {
    module: "kubeconform",
    version: "0.7.0",
    package: "github.com/yannh/kubeconform/cmd/kubeconform",
    ldflags: "-s -w -X main.version=v0.7.0",
  },
  "local-path-provisioner": {
    module: "local-path-provisioner",
    version: "0.0.30",
    package: "github.com/rancher/local-path-provisioner",
    ldflags: "-s -w",
  },
  versitygw: {
    module: "versitygw",
    version: "1.8.0",
    package: "github.com/versity/versitygw/cmd/versitygw",
    ldflags: "-s -w",
  },
  pause: { module: "pause", version: "1", package: "tools/pause", ldflags: "-s -w" },
} satisfies Record<string, Tool>

export type ToolName = keyof typeof catalog

export const toolNames = Object.keys(catalog).filter(isToolName)

/** True for a name in the catalogue. */
export function isToolName(name: string): name is ToolName {
  return Object.hasOwn(catalog, name)
}
