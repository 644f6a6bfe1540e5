import { Failure } from "../../scripts/lib/failure.ts"
import { createRun, succeeds } from "../../scripts/lib/run.ts"
import { whileLocked } from "./apt-lock.ts"
import type { ToolContext } from "./build.ts"

const hint = "install them by hand as root: apt-get install "

/** Those of the named Debian packages that are not installed. */
async function missingPackages(names: readonly string[]): Promise<string[]> {
  const quietly = createRun(() => {})
  const status = await Promise.all(
    names.map((name) => quietly("dpkg-query", ["-W", "-f=${db:Status-Status}", name]).catch(() => "absent")),
  )
  return names.filter((_, index) => status[index] !== "installed")
}

/**
 * Installs the Debian packages that are missing; says so first, and waits for other package managers. Does nothing when
 * all are there.
 * Throws {@link Failure} on another distribution or without the rights to install.
 */
export async function ensureDebianPackages(names: readonly string[], { run, say }: ToolContext): Promise<void> {
  if (!(await succeeds("dpkg-query", ["--version"]))) {
    throw new Failure("this is not Debian: packages cannot be installed here", {
      hint: `find what provides: ${names.join(" ")}`,
    })
  }
  const missing = await missingPackages(names)
  if (missing.length === 0) return
  if (process.getuid?.() !== 0) {
    throw new Failure(`Debian packages are missing: ${missing.join(" ")}`, { hint: hint + missing.join(" ") })
  }
  say(`installing Debian packages: ${missing.join(" ")}`)
  // In the C locale: what apt says of its locks is read.
  const env = { DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" }
  const apt = (args: string[], advice: string) => whileLocked(() => run("apt-get", args, { env, hint: advice }), say)
  await apt(["update", "-q"], "check that the Debian mirror in /etc/apt is reachable")
  await apt(["install", "-y", "-q", "--no-install-recommends", ...missing], hint + missing.join(" "))
}
