import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { hashText } from "../../../scripts/lib/hash.ts"
import { files } from "./settings.ts"

type Kubectl = (args: string[], input?: string) => Promise<string>

function manifests(): string {
  const read = (name: string) => readFileSync(join(import.meta.dirname, "addons", name), "utf8")
  return [
    read("access.yaml"),
    read("coredns.yaml"),
    read("local-path.yaml").replaceAll("@VOLUMES@", files.volumes),
  ].join("---\n")
}

/** Cluster DNS and the default StorageClass. Applied only when they changed since the last time. */
export async function ensureAddons(kubectl: Kubectl): Promise<void> {
  const text = manifests()
  const fingerprint = hashText(text)
  if (existsSync(files.addons) && readFileSync(files.addons, "utf8") === fingerprint) return
  await kubectl(["apply", "--server-side", "--force-conflicts", "--field-manager=berth-up", "-f", "-"], text)
  writeFileSync(files.addons, fingerprint)
}

/** Waits until names resolve and volumes are made. */
export async function waitForAddons(kubectl: Kubectl): Promise<void> {
  const wait = ["rollout", "status", "--timeout=300s"]
  await kubectl([...wait, "-n", "kube-system", "deployment/coredns"])
  await kubectl([...wait, "-n", "local-path-storage", "deployment/local-path-provisioner"])
}
