import { readFileSync } from "node:fs"
import { spellCheckDocument } from "cspell-lib"
import { expect, test } from "vitest"
import { isPage, messagesOf } from "./rules/texts.ts"
import { isTypeScript, listFiles, parseSource, readSource } from "./source.ts"

/** Names and terms that no dictionary has; one in a line, sorted. */
const terms = readFileSync(new URL("terms.txt", import.meta.url), "utf8")
  .split("\n")
  .filter(Boolean)

/** What is code, not prose: between backticks, addresses, paths and anything with a digit or an underscore in it. */
const code = /```[\s\S]*?```|`[^`\n]*`|\{\{[\s\S]*?\}\}|https?:\S+|\S*[\w-]+[/@=][\w-]\S*|\S*[\d_<>$]\S*|\\\w/g

/** A list of what people take for passwords. */
const commonPasswords = "control-plane/server/identity/password/rules.ts"

async function misspelt(texts: readonly string[]): Promise<string[]> {
  const words = new Set(texts.flatMap((text) => text.replaceAll(code, " ").match(/[\p{L}'’]+/gu) ?? []))
  const { issues } = await spellCheckDocument(
    { uri: "file:///words.txt", text: [...words].join("\n"), languageId: "plaintext" },
    { noConfigSearch: true, generateSuggestions: false },
    { language: "en-GB,en-US", words: terms, maxNumberOfProblems: 10_000, maxDuplicateProblems: 1 },
  )
  return [...new Set(issues.map(({ text }) => text))].sort()
}

test("pages and messages have no misspelt word", async () => {
  const files = listFiles()
    .filter((path) => isPage(path) || isTypeScript(path))
    .map(readSource)
  const pages = files.filter(({ path }) => isPage(path))
  const modules = files.filter(({ path }) => isTypeScript(path) && path !== commonPasswords).map(parseSource)
  const texts = [...pages, ...modules.flatMap(messagesOf)].map(({ text }) => text)
  expect(await misspelt(texts)).toEqual([])
}, 60_000)

test("a misspelt word is found, a term and code are not", async () => {
  expect(await misspelt(["The kubelet recieves `tset` of https://exmaple.com/teh and /ect/kubernetse."])).toEqual([
    "recieves",
  ])
})
