import { type Finding, isTest, type ParsedFile } from "../source.ts"
import { importsOf } from "./imports.ts"

/**
 * Files that import each other, directly or through others, types included: one finding for each circle, at the first of
 * its files. Tests and what they share may import as they like.
 */
export function importCircles(files: readonly ParsedFile[]): Finding[] {
  const imports = new Map(
    files.filter(({ path }) => !isTest(path)).map((file) => [file.path, importsOf(file).map(({ target }) => target)]),
  )
  const left = new Set(imports.keys())
  const findings: Finding[] = []
  for (const start of imports.keys()) {
    const circle = left.has(start) ? wayBack(start, imports, left) : undefined
    if (circle === undefined) continue
    for (const path of circle) left.delete(path)
    findings.push({ path: start, line: 1, message: `imports itself: ${[...circle, start].join(" -> ")}` })
  }
  return findings
}

/** The shortest way from a file through its imports back to it, among the files that are left. */
function wayBack(
  start: string,
  imports: ReadonlyMap<string, readonly (string | undefined)[]>,
  left: ReadonlySet<string>,
): readonly string[] | undefined {
  const ways = [[start]]
  const seen = new Set<string>()
  for (const way of ways) {
    for (const target of imports.get(way.at(-1) ?? start) ?? []) {
      if (target === start) return way
      if (target === undefined || !left.has(target) || seen.has(target)) continue
      seen.add(target)
      ways.push([...way, target])
    }
  }
  return undefined
}
