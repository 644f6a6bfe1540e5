import { readFileSync } from "node:fs"
import type { Run } from "./run.ts"

/** Mount points at or below one of `roots`, deepest first. `mountinfo` is the text of /proc/self/mountinfo. */
export function mountsBelow(mountinfo: string, roots: string[]): string[] {
  return mountinfo
    .split("\n")
    .flatMap((line) => line.split(" ")[4] ?? [])
    .map((path) => path.replaceAll(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))))
    .filter((path) => roots.some((root) => path === root || path.startsWith(`${root}/`)))
    .sort()
    .reverse()
}

/**
 * Unmounts everything at or below `roots`. Whoever else is at it (a container's shim that ends) may be quicker: what is
 * gone by its turn is as good as unmounted.
 * @param mountinfo reads /proc/self/mountinfo
 * @throws Failure of `umount` for what is still mounted after it
 */
export async function unmountBelow(
  run: Run,
  roots: string[],
  mountinfo: () => string = () => readFileSync("/proc/self/mountinfo", "utf8"),
): Promise<void> {
  for (const mount of mountsBelow(mountinfo(), roots)) {
    try {
      await run("umount", ["-l", mount])
    } catch (error) {
      if (mountsBelow(mountinfo(), [mount]).includes(mount)) throw error
    }
  }
}
