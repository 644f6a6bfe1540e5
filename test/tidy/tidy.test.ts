import { describe, expect, test } from "vitest"
import { importCircles } from "./rules/circles.ts"
import { docstrings } from "./rules/docstrings.ts"
import { environmentAccess } from "./rules/environment.ts"
import { importDirection, importEndings } from "./rules/imports.ts"
import { fileLength, functionLength } from "./rules/length.ts"
import { plainMessages, plainPages } from "./rules/phrases.ts"
import { sqlInStores } from "./rules/sql.ts"
import { bannedWords } from "./rules/words.ts"
import { tableWriters } from "./rules/writers.ts"
import { type Finding, isTypeScript, listFiles, parseSource, readSource } from "./source.ts"

const migrations = "control-plane/server/database/migrations/"
/** Made by programs or pinned by hashes: not written, so not read line by line. */
const generated = /(^|\/)(package-lock\.json|go\.sum|values\.schema\.json|openapi\.json)$/
const binary = /\.(png|ico|woff2?|gz|tgz)$/
const sources = listFiles()
  .filter((path) => !generated.test(path) && !binary.test(path))
  .map(readSource)
const modules = sources.filter(({ path }) => isTypeScript(path)).map(parseSource)
const tables = new Set(
  sources
    .filter(({ path }) => path.startsWith(migrations))
    .flatMap(({ text }) => [...text.matchAll(/CREATE TABLE (?:IF NOT EXISTS )?(\w+)/g)].map((match) => match[1] ?? "")),
)

const handWritten = /\.(tsx?|mjs|sh|css)$/

const rules = {
  "files have at most 400 lines": () => sources.filter(({ path }) => handWritten.test(path)).flatMap(fileLength),
  "functions have at most 70 lines": () => modules.flatMap(functionLength),
  "imports go one way": () => modules.flatMap(importDirection),
  "no file imports itself through others": () => importCircles(modules),
  "each table has one writer": () => tableWriters(tables)(modules),
  "relative imports end as their files do": () => modules.flatMap(importEndings),
  "SQL stands in stores": () => modules.flatMap(sqlInStores(tables)),
  "only config/ reads the environment": () => modules.flatMap(environmentAccess),
  "exported functions have a docstring": () => modules.flatMap(docstrings),
  "pages are in plain English": () => sources.flatMap(plainPages),
  "messages are in plain English": () => modules.flatMap(plainMessages),
  "no words of trackers, tools or machines": () => sources.flatMap(bannedWords),
} satisfies Record<string, () => Finding[]>

describe("the repository", () => {
  test.each(Object.entries(rules))("%s", (_, findings) => {
    expect(findings().map(({ path, line, message }) => `${path}:${line} ${message}`)).toEqual([])
  })
})
