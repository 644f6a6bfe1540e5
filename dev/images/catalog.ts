import { readFileSync } from "node:fs"
import { join } from "node:path"
import { hashFiles } from "../../scripts/lib/hash.ts"
import { repositoryRoot } from "../../scripts/lib/paths.ts"

export type ImageName =
  | "berth/control-plane"
  | "berth/data-plane"
  | "berth/data-plane-init"
  | "berth/auth"
  | "berth/demo"
  | "berth/postgres-local"

/** One image: its Dockerfile and the files and folders that its COPY lines name, relative to the repository. */
export type ImageSource = { name: ImageName; dockerfile: string; inputs: string[] }

export const imageSources: readonly ImageSource[] = [
  { name: "berth/control-plane", dockerfile: "control-plane/Dockerfile", inputs: ["dist/control-plane"] },
  {
    name: "berth/data-plane",
    dockerfile: "agent-image/Dockerfile",
    inputs: ["agent-image/start.sh", "agent-image/stop.sh", "node_modules/opencode-linux-x64/bin/opencode"],
  },
  {
    name: "berth/data-plane-init",
    dockerfile: "data-plane-init/Dockerfile",
    inputs: ["dist/data-plane-init", "data-plane-init/workspace/prepare.sh"],
  },
  { name: "berth/auth", dockerfile: "auth-helpers/Dockerfile", inputs: ["dist/auth"] },
  {
    name: "berth/demo",
    dockerfile: "dev/demo/Dockerfile",
    inputs: ["dev/demo/model", "dev/demo/git", "dev/demo/sample"],
  },
  { name: "berth/postgres-local", dockerfile: "dev/images/postgres.Dockerfile", inputs: [] },
]

/** An image with the tag that its inputs give it: equal inputs, equal tag, nothing to build or load. */
export type Image = ImageSource & { tag: string; reference: string }

/**
 * Tags images by the contents of their inputs. `root` is the repository.
 * The bases are not part of it: a newer `debian:bookworm-slim` does not change the tag.
 */
export function tagged(source: ImageSource, root = repositoryRoot): Image {
  const dockerfile = readFileSync(join(root, source.dockerfile), "utf8")
  const tag = hashFiles(root, source.inputs, dockerfile).slice(0, 12)
  return { ...source, tag, reference: `${source.name}:${tag}` }
}
