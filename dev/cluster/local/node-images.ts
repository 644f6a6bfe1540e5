import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { cacheDir } from "../../../scripts/lib/paths.ts"
import type { Run } from "../../../scripts/lib/run.ts"
import type { StepContext } from "../../../scripts/lib/steps.ts"
import { writeImageArchive } from "../../images/archive.ts"
import { ensureBases } from "../../images/bases.ts"
import { catalog, type ToolName } from "../../tools/index.ts"
import type { NodeTools } from "./components.ts"
import { importArchive, nodeImages } from "./containerd.ts"
import { images } from "./settings.ts"

/** Puts the images that the node itself needs into containerd: sandbox, DNS, volumes. Skips those that are there. */
export async function ensureNodeImages(tools: NodeTools, context: StepContext): Promise<void> {
  const present = await nodeImages(context.run)
  const programs = [
    [images.pause, "pause"],
    [images.coredns, "coredns"],
    [images.localPath, "local-path-provisioner"],
  ] as const
  for (const [image, tool] of programs) {
    if (present.has(image)) continue
    await importArchive(context.run, await programImage(image, tool, tools[tool], context.run))
  }
  if (!present.has(images.debian)) await importArchive(context.run, (await ensureBases(context)).debian)
}

/** The archive of an image that holds one static program and nothing else. */
async function programImage(image: string, tool: ToolName, program: string, run: Run): Promise<string> {
  const archive = cacheDir("images", `${basename(program)}-${catalog[tool].version}.tar`)
  if (existsSync(archive)) return archive
  mkdirSync(dirname(archive), { recursive: true })
  const work = mkdtempSync(join(dirname(archive), ".program-"))
  try {
    const inside = join(work, basename(program))
    copyFileSync(program, inside)
    chmodSync(inside, 0o755)
    const layer = join(work, "layer.tar")
    await run("tar", ["-C", work, "--owner=0", "--group=0", "--numeric-owner", "-cf", layer, basename(program)])
    await writeImageArchive(run, archive, { name: image, entrypoint: [`/${basename(program)}`] }, [layer])
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
  return archive
}
