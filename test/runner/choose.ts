import { existsSync } from "node:fs"
import { join, relative, resolve } from "node:path"
import { repositoryRoot } from "../../scripts/lib/paths.ts"
import { type Layer, layers } from "./layers.ts"

export const usage = `usage: npm test [-- LAYER… | PATH…]
layers: ${layers.map(({ name }) => name).join(", ")}
a path is a test file, or a folder: its tests of every layer are run`

/** Somebody typed something that is neither a layer nor a path. */
export class UsageError extends Error {}

/** Where the tests of each vitest project are, the most specific first. */
const homes: readonly { readonly layer: string; readonly project: string; readonly pattern: RegExp }[] = [
  { layer: "e2e", project: "releases", pattern: /^test\/e2e\/releases\// },
  { layer: "e2e", project: "e2e", pattern: /^test\/e2e\// },
  { layer: "chart", project: "chart", pattern: /^test\/chart\// },
  { layer: "check", project: "check", pattern: /^test\/tidy\// },
  { layer: "integration", project: "integration", pattern: /\.integration\.test\.ts$/ },
  { layer: "unit", project: "unit", pattern: /\.test\.tsx?$/ },
]

/**
 * The layers to run for the words after `npm test --`: all of them for none, whole layers for names of layers, and for paths
 * only the tests in those files and folders, with what their layer needs and without its checks.
 * @param files every test file of the repository, relative to its top
 * @param from the folder that the paths are relative to
 * @throws UsageError for a word that is neither, and for a path without tests
 */
export function chooseLayers(words: readonly string[], files: readonly string[], from = process.cwd()): Layer[] {
  if (words.length === 0) return [...layers]
  const names = words.filter((word) => layers.some(({ name }) => name === word))
  const paths = words.filter((word) => !names.includes(word)).map((word) => existing(word, from))
  const asked = files.filter((file) =>
    paths.some((path) => path === "" || file === path || file.startsWith(`${path}/`)),
  )
  for (const path of paths) {
    if (!asked.some((file) => path === "" || file === path || file.startsWith(`${path}/`)))
      throw new UsageError(`${path} holds no tests`)
  }
  return layers.flatMap((layer) => (names.includes(layer.name) ? [layer] : narrowed(layer, asked)))
}

function existing(word: string, from: string): string {
  const absolute = resolve(from, word)
  const path = relative(repositoryRoot, absolute)
  if (path.startsWith("..") || !existsSync(join(repositoryRoot, path)))
    throw new UsageError(`"${word}" is neither a layer nor a path of this repository`)
  return path
}

/** The layer with only these test files; nothing when none of them is its own. */
function narrowed(layer: Layer, asked: readonly string[]): Layer[] {
  const own = asked.map((file) => ({ file, home: homes.find(({ pattern }) => pattern.test(file)) }))
  const mine = own.filter(({ home }) => home?.layer === layer.name)
  if (mine.length === 0) return []
  const projects = [...new Set(mine.map(({ home }) => home?.project ?? layer.name))]
  return [{ ...layer, checks: [], projects, files: mine.map(({ file }) => file) }]
}
