import { createHash } from "node:crypto"
import { createReadStream, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { pipeline } from "node:stream/promises"
import type { Run } from "../../scripts/lib/run.ts"

export type ImageSettings = {
  /** Name with tag, as Dockerfiles and pods write it. */
  name: string
  env?: string[]
  entrypoint?: string[]
  command?: string[]
  user?: string
}

/**
 * Writes an image archive of the form of `docker save` (readable by `docker load` and `ctr images import`) from layer
 * archives, lowest first. No Docker daemon is needed. The file appears only when it is complete.
 * Format: https://github.com/moby/docker-image-spec/blob/main/v1.2.md
 */
export async function writeImageArchive(
  run: Run,
  file: string,
  settings: ImageSettings,
  layers: string[],
): Promise<void> {
  mkdirSync(dirname(file), { recursive: true })
  const folder = mkdtempSync(join(dirname(file), ".image-"))
  try {
    const digests: string[] = []
    for (const [index, layer] of layers.entries()) {
      digests.push(await digestOf(layer))
      await run("cp", ["--reflink=auto", layer, join(folder, `layer-${index}.tar`)])
    }
    const config = JSON.stringify(imageConfig(settings, digests))
    const configName = `${createHash("sha256").update(config).digest("hex")}.json`
    const layerNames = layers.map((_, index) => `layer-${index}.tar`)
    const manifest = [{ Config: configName, RepoTags: [settings.name], Layers: layerNames }]
    writeFileSync(join(folder, configName), config)
    writeFileSync(join(folder, "manifest.json"), JSON.stringify(manifest))
    await run("tar", ["-C", folder, "-cf", `${folder}.tar`, "manifest.json", configName, ...layerNames])
    renameSync(`${folder}.tar`, file)
  } finally {
    rmSync(folder, { recursive: true, force: true })
    rmSync(`${folder}.tar`, { force: true })
  }
}

async function digestOf(file: string): Promise<string> {
  const hash = createHash("sha256")
  await pipeline(createReadStream(file), hash)
  return `sha256:${hash.digest("hex")}`
}

function imageConfig(settings: ImageSettings, digests: string[]): object {
  return {
    architecture: process.arch === "x64" ? "amd64" : process.arch,
    os: "linux",
    config: {
      Env: settings.env ?? ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
      ...(settings.entrypoint ? { Entrypoint: settings.entrypoint } : {}),
      ...(settings.command ? { Cmd: settings.command } : {}),
      ...(settings.user ? { User: settings.user } : {}),
    },
    rootfs: { type: "layers", diff_ids: digests },
    history: digests.map(() => ({ created_by: "dev/images" })),
  }
}
