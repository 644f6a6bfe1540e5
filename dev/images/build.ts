import { mkdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import { repositoryRoot, stateDir } from "../../scripts/lib/paths.ts"
import type { StepContext } from "../../scripts/lib/steps.ts"
import { type Bases, ensureBases } from "./bases.ts"
import type { Image } from "./catalog.ts"
import { type Docker, dockerAnswers, machineDocker, withPrivateDocker } from "./docker.ts"

/**
 * Builds one image. Only the files that it is made of are sent, in a fixed order and without owners, so that the
 * builder's cache is hit wherever a file did not change.
 */
export async function buildImage(docker: Docker, image: Image, { run, say }: StepContext): Promise<void> {
  say(`building ${image.reference}`)
  const context = stateDir("build", `${image.name.replaceAll("/", "-")}.context.tar`)
  mkdirSync(stateDir("build"), { recursive: true })
  try {
    const normal = ["--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--mtime=@0", "--exclude=*.test.ts"]
    await run("tar", ["-C", repositoryRoot, ...normal, "-cf", context, image.dockerfile, ...image.inputs])
    await docker(["build", "--network=host", "--tag", image.reference, "--file", image.dockerfile, "-"], {
      inputFile: context,
      hint: `the build of ${image.dockerfile} failed; when a download failed, run the command again`,
    })
  } finally {
    rmSync(context, { force: true })
  }
}

/** Puts the base images into the daemon when they are missing there. With `pull`, a registry is asked first. */
async function provideBases(docker: Docker, context: StepContext, pull: boolean): Promise<void> {
  const names: [string, keyof Bases][] = [
    ["debian:bookworm-slim", "debian"],
    ["node:24-bookworm-slim", "node"],
  ]
  for (const [name, base] of names) {
    if (await answered(docker(["image", "inspect", "--format", "{{.Id}}", name]))) continue
    if (pull && (await answered(docker(["pull", name], { timeout_ms: 120_000 })))) continue
    await docker(["load", "--input", (await ensureBases(context))[base]])
  }
}

function answered(promise: Promise<unknown>): Promise<boolean> {
  return promise.then(
    () => true,
    () => false,
  )
}

/**
 * Builds images without a registry and writes them into one archive (shared layers once), which `use` gets.
 * Takes the machine's Docker daemon when there is one, else a private one for the time of the build.
 */
export async function buildToArchive(
  images: readonly Image[],
  context: StepContext,
  use: (archive: string) => Promise<void>,
): Promise<void> {
  const archive = stateDir("build", "images.tar")
  mkdirSync(stateDir("build"), { recursive: true })
  const work = (pull: boolean) => async (docker: Docker) => {
    await provideBases(docker, context, pull)
    for (const image of images) await buildImage(docker, image, context)
    await docker(["save", "--output", archive, ...images.map(({ reference }) => reference)])
  }
  try {
    if (await dockerAnswers()) await work(true)(machineDocker(context))
    else await withPrivateDocker(context, work(false))
    await use(archive)
  } finally {
    rmSync(join(archive), { force: true })
  }
}
