import { createHash } from "node:crypto"
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, relative } from "node:path"
import { parseArgs } from "node:util"
import { gzipSync } from "node:zlib"
import { generatedFiles } from "../chart/schema/generate.ts"
import { ensureTools } from "../dev/tools/index.ts"
import { Failure } from "./lib/failure.ts"
import { repositoryRoot } from "./lib/paths.ts"
import { createRun, type Run } from "./lib/run.ts"

const usage = `Packs the chart into an archive that has the same bytes on every machine, and can push it.

  npm run package -- [options]

  --version V        version of the chart (default: the one in Chart.yaml)
  --app-version V    version of the images (default: the one in Chart.yaml)
  --out DIR          where to put the archive (default: dist/chart)
  --push oci://…     push it to an OCI registry (sign in with "helm registry login" before)
  --plain-http       the registry speaks plain HTTP
`
// Archives older than 1980 upset some tools. What was packed, not when, is told by its digest.
const MODIFIED_s = 315_532_800

const { values: options } = parseArgs({
  options: {
    version: { type: "string" },
    "app-version": { type: "string" },
    out: { type: "string", default: join(repositoryRoot, "dist/chart") },
    push: { type: "string" },
    "plain-http": { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
})

if (options.help) process.stdout.write(usage)
else await main()

async function main(): Promise<void> {
  const run = createRun((text) => process.stderr.write(text))
  const { helm } = await ensureTools(["helm"])
  requireGenerated()
  const directory = mkdtempSync(join(tmpdir(), "berth-package-"))
  try {
    const archive = await pack(run, helm, directory)
    await run(helm, ["show", "chart", archive], { quiet: true })
    const digest = createHash("sha256").update(readFileSync(archive)).digest("hex")
    process.stdout.write(`${relative(process.cwd(), archive)}\nsha256:${digest}\n`)
    if (options.push) {
      await run(helm, ["push", archive, options.push, ...(options["plain-http"] ? ["--plain-http"] : [])], {
        hint: "check the address, and sign in with: helm registry login",
      })
    }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** An archive must not be made of a schema or a README that lag behind the values. */
function requireGenerated(): void {
  const stale = generatedFiles().filter(({ path, content }) => readFileSync(path, "utf8") !== content)
  if (stale.length === 0) return
  const names = stale.map(({ path }) => relative(repositoryRoot, path)).join(", ")
  throw new Failure(`${names} is not up to date`, { hint: "run node chart/schema/generate.ts and commit the result" })
}

/** Helm decides what belongs into the archive; then it is written again without what differs between two machines. */
async function pack(run: Run, helm: string, directory: string): Promise<string> {
  const versions = [
    ...(options.version ? ["--version", options.version] : []),
    ...(options["app-version"] ? ["--app-version", options["app-version"]] : []),
  ]
  await run(helm, ["package", join(repositoryRoot, "chart"), "--destination", directory, ...versions], { quiet: true })
  const name = readdirSync(directory).find((file) => file.endsWith(".tgz"))
  if (name === undefined) throw new Failure("helm package made no archive")
  await run("tar", ["-xzmf", name], { cwd: directory })
  const tree = readdirSync(join(directory, "berth"), { recursive: true, withFileTypes: true })
  const files = tree
    .filter((entry) => entry.isFile())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)))
  const input = files.toSorted().join("\n")
  const fixed = [`--mtime=@${MODIFIED_s}`, "--owner=0", "--group=0", "--numeric-owner", "--mode=0644", "--format=ustar"]
  await run("tar", ["-cf", "plain.tar", ...fixed, "--files-from=-"], { cwd: directory, input })
  mkdirSync(options.out, { recursive: true })
  const target = join(options.out, name)
  writeFileSync(`${target}.unfinished`, gzipSync(readFileSync(join(directory, "plain.tar")), { level: 9 }))
  renameSync(`${target}.unfinished`, target)
  return target
}
