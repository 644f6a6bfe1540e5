import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs"
import { join } from "node:path"
import { withLock } from "../../scripts/lib/lock.ts"
import { cacheDir, repositoryRoot } from "../../scripts/lib/paths.ts"
import type { StepContext } from "../../scripts/lib/steps.ts"
import { writeImageArchive } from "./archive.ts"

/** Raise it when what is below changes: the bases are then made again. */
const recipe = "1"

const mirror = "http://deb.debian.org/debian"
const securityMirror = "http://deb.debian.org/debian-security"

const sources = `deb ${mirror} bookworm main
deb ${mirror} bookworm-updates main
deb ${securityMirror} bookworm-security main
`

// What Debian's own "slim" images leave out as well.
const leftOut = [
  "usr/share/doc/*",
  "usr/share/man/*",
  "usr/share/info/*",
  "usr/share/locale/*",
  "usr/share/groff/*",
  "usr/share/lintian/*",
  "var/cache/apt/*",
  "var/lib/apt/lists/*",
  "var/log/*",
]

const nodePackage = join(repositoryRoot, "node_modules/node")

export type Bases = {
  /** Archive of `debian:bookworm-slim`. */
  debian: string
  /** Archive of `node:24-bookworm-slim`; its lower layer is the one of `debian`. */
  node: string
}

/**
 * The two base images of the Dockerfiles, made from Debian packages and the `node` npm package for machines that reach
 * no image registry. Made once (about a minute) and kept in the cache.
 */
export async function ensureBases(context: StepContext): Promise<Bases> {
  const nodeVersion = nodePackageVersion()
  const folder = cacheDir("images", `bookworm-${recipe}`)
  const bases = { debian: join(folder, "debian.tar"), node: join(folder, `node-${nodeVersion}.tar`) }
  if (existsSync(bases.debian) && existsSync(bases.node)) return bases
  mkdirSync(folder, { recursive: true })
  await withLock(
    join(folder, "lock"),
    async () => {
      const layer = await debianLayer(folder, context)
      if (!existsSync(bases.debian)) {
        await writeImageArchive(context.run, bases.debian, { name: "debian:bookworm-slim", command: ["bash"] }, [layer])
      }
      if (!existsSync(bases.node)) await writeNodeImage(folder, bases.node, layer, nodeVersion, context)
    },
    context.say,
  )
  return bases
}

function nodePackageVersion(): string {
  const { version }: { version: string } = JSON.parse(readFileSync(join(nodePackage, "package.json"), "utf8"))
  return version
}

async function debianLayer(folder: string, { run, say }: StepContext): Promise<string> {
  const layer = join(folder, "debian-layer.tar")
  if (existsSync(layer)) return layer
  say("making debian:bookworm-slim from Debian packages (once on this machine, about a minute)")
  const work = mkdtempSync(join(folder, ".debian-"))
  const root = join(work, "root")
  try {
    await run("debootstrap", ["--variant=minbase", "bookworm", root, mirror], {
      hint: `check that ${mirror} is reachable, then run the command again`,
    })
    writeFileSync(join(root, "etc/apt/sources.list"), sources)
    // As in Debian's image: no package starts a service while an image is built.
    writeFileSync(join(root, "usr/sbin/policy-rc.d"), "#!/bin/sh\nexit 101\n", { mode: 0o755 })
    await run("sh", ["-c", `cd "$1" && rm -rf ${leftOut.join(" ")}`, "sh", root])
    for (const name of ["etc/resolv.conf", "etc/hostname"]) rmSync(join(root, name), { force: true })
    const tar = ["--numeric-owner", "--one-file-system", "--exclude=./dev/*", "--exclude=./proc/*", "--exclude=./sys/*"]
    await run("tar", ["-C", root, ...tar, "-cf", join(work, "layer.tar"), "."])
    renameSync(join(work, "layer.tar"), layer)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
  return layer
}

/** The official image's shape: `node` in /usr/local/bin, a user `node` with uid 1000. */
async function writeNodeImage(
  folder: string,
  file: string,
  debian: string,
  version: string,
  { run }: StepContext,
): Promise<void> {
  const work = mkdtempSync(join(folder, ".node-"))
  try {
    mkdirSync(join(work, "usr/local/bin"), { recursive: true })
    mkdirSync(join(work, "home/node"), { recursive: true })
    mkdirSync(join(work, "etc"))
    const binary = join(work, "usr/local/bin/node")
    copyFileSync(join(nodePackage, "bin/node"), binary)
    chmodSync(binary, 0o755)
    const accounts = { passwd: "node:x:1000:1000::/home/node:/bin/bash\n", group: "node:x:1000:\n" }
    for (const [name, line] of Object.entries(accounts)) {
      await run("tar", ["-C", work, "-xf", debian, `./etc/${name}`])
      const path = join(work, "etc", name)
      writeFileSync(path, readFileSync(path, "utf8") + line)
    }
    const owner = ["--owner=0", "--group=0", "--numeric-owner"]
    await run("tar", ["-C", work, ...owner, "-cf", join(work, "layer.tar"), "./etc", "./usr"])
    await run("tar", ["-C", work, "--owner=1000", "--group=1000", "-rf", join(work, "layer.tar"), "./home/node"])
    await writeImageArchive(
      run,
      file,
      {
        name: "node:24-bookworm-slim",
        env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", `NODE_VERSION=${version}`],
        command: ["node"],
      },
      [debian, join(work, "layer.tar")],
    )
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}
