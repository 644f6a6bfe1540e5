import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs"
import { join } from "node:path"
import { Failure } from "../../scripts/lib/failure.ts"
import { withLock } from "../../scripts/lib/lock.ts"
import { cacheDir } from "../../scripts/lib/paths.ts"
import { createRun, type Run, succeeds } from "../../scripts/lib/run.ts"
import { catalog, type ToolName } from "./catalog.ts"

export type ToolContext = { run: Run; say: (text: string) => void }

const toStderr: ToolContext = {
  run: createRun((text) => process.stderr.write(text)),
  say: (text) => process.stderr.write(`${text}\n`),
}

/** Where the built program lies (it may not be there yet). */
function toolPath(name: ToolName): string {
  const tool = catalog[name]
  return cacheDir("tools", `${tool.module}-${tool.version}`, name)
}

/**
 * Builds what is missing of the named tools from the Go module proxy and answers where they are.
 * Each tool is built once a machine and version; an interrupted build leaves nothing that looks finished.
 * Throws {@link Failure} when Go is missing or a build fails.
 */
export async function ensureTools<Name extends ToolName>(
  names: readonly Name[],
  context: ToolContext = toStderr,
): Promise<Record<Name, string>> {
  const missing = names.filter((name) => !existsSync(toolPath(name)))
  if (missing.length > 0) {
    await requireGo()
    await withLock(
      cacheDir("tools", "build.lock"),
      async () => {
        for (const name of missing) await buildTool(name, context)
      },
      context.say,
    )
  }
  return Object.fromEntries(names.map((name) => [name, toolPath(name)])) as Record<Name, string>
}

async function requireGo(): Promise<void> {
  if (await succeeds("go", ["version"])) return
  throw new Failure("Go is not installed", {
    hint: "install Go 1.25 or newer (https://go.dev/doc/install) and put its bin folder on PATH",
  })
}

async function buildTool(name: ToolName, { run, say }: ToolContext): Promise<void> {
  const target = toolPath(name)
  if (existsSync(target)) return // another process built it while this one waited for the lock
  const tool = catalog[name]
  const unfinished = `${target}.${process.pid}.unfinished`
  mkdirSync(join(target, ".."), { recursive: true })
  say(`building ${name} ${tool.version} (once on this machine)`)
  try {
    await run("go", ["build", "-mod=readonly", "-trimpath", "-ldflags", tool.ldflags, "-o", unfinished, tool.package], {
      cwd: join(import.meta.dirname, "modules", tool.module),
      env: { CGO_ENABLED: "0", GOFLAGS: "-buildvcs=false", GOWORK: "off" },
      hint: "check that the Go module proxy is reachable (`go env GOPROXY`) and that some GB of disk are free, then run the command again",
    })
    renameSync(unfinished, target)
  } finally {
    rmSync(unfinished, { force: true })
  }
}
