import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { build as bundle } from "esbuild"
import { messageOf } from "./lib/failure.ts"
import { hashFiles } from "./lib/hash.ts"
import { repositoryRoot } from "./lib/paths.ts"

/** One file a program, so that an image needs no node_modules. */
const programs = [
  { entry: "control-plane/server/main.ts", output: "dist/control-plane/main.mjs" },
  { entry: "secrets-job/main.ts", output: "dist/control-plane/secrets.mjs" },
  { entry: "data-plane-init/main.ts", output: "dist/data-plane-init/init.mjs" },
  { entry: "auth-helpers/main.ts", output: "dist/auth/sidecar.mjs" },
] as const

const sources = [
  "control-plane",
  "data-plane-init",
  "auth-helpers",
  "pod-protocol",
  "secrets-job",
  "package-lock.json",
  "scripts/build.ts",
]
const stamp = join(repositoryRoot, "dist/.sources")

// Bundled CommonJS packages call these three; an ES module has none of them.
const commonJsNames = `import { createRequire as berthCreateRequire } from "node:module"
import { dirname as berthDirname } from "node:path"
import { fileURLToPath as berthFileURLToPath } from "node:url"
const require = berthCreateRequire(import.meta.url)
const __filename = berthFileURLToPath(import.meta.url)
const __dirname = berthDirname(__filename)`

// Knex and pg name the drivers of other databases; they are required only when one of those is configured.
const neverLoaded = [
  "better-sqlite3",
  "mariadb",
  "mysql",
  "mysql2",
  "oracledb",
  "pg-native",
  "pg-query-stream",
  "sqlite3",
  "tedious",
]

/**
 * Builds everything that images are made of into `dist/`. Answers false, without building, when nothing it depends on
 * changed since the last time and `force` is not set.
 */
export async function buildAll({
  force = false,
  say,
}: {
  force?: boolean
  say: (text: string) => void
}): Promise<boolean> {
  const fingerprint = hashFiles(repositoryRoot, sources)
  if (!force && existsSync(stamp) && readFileSync(stamp, "utf8") === fingerprint) return false
  rmSync(join(repositoryRoot, "dist"), { recursive: true, force: true })
  for (const { entry, output } of programs) {
    say(`${entry} -> ${output}`)
    await bundleProgram(entry, output)
  }
  cpSync(
    join(repositoryRoot, "control-plane/server/database/migrations"),
    join(repositoryRoot, "dist/control-plane/migrations"),
    { recursive: true },
  )
  say("control-plane/ui -> dist/control-plane/ui")
  const { build: buildUi } = await import("vite")
  await buildUi({ configFile: join(repositoryRoot, "control-plane/ui/vite.config.ts"), logLevel: "error" })
  writeFileSync(stamp, fingerprint)
  return true
}

async function bundleProgram(entry: string, output: string): Promise<void> {
  await bundle({
    entryPoints: [join(repositoryRoot, entry)],
    outfile: join(repositoryRoot, output),
    absWorkingDir: repositoryRoot,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node24",
    sourcemap: "linked",
    sourcesContent: false,
    keepNames: true,
    banner: { js: commonJsNames },
    external: [...neverLoaded],
    logLevel: "silent", // its messages are part of the error
  })
}

if (import.meta.main) {
  try {
    await buildAll({ force: true, say: (text) => process.stdout.write(`${text}\n`) })
  } catch (error) {
    process.stderr.write(`the build failed: ${messageOf(error)}\n`)
    process.exitCode = 1
  }
}
