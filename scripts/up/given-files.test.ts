import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, expect, it } from "vitest"
import { checkGivenFiles } from "./given-files.ts"
import { UsageError } from "./options.ts"

const directory = mkdtempSync(join(tmpdir(), "given-"))
afterAll(() => rmSync(directory, { recursive: true }))

function check(text: string): void {
  const file = join(directory, "values.yaml")
  writeFileSync(file, text)
  checkGivenFiles({ values: [file], providerJson: undefined })
}

it.each(["a: 1\nb: {c: [1, 2]}\n", "", "# only words\n", "a: 1\na: 2\n"])("the values %j may be given", (text) => {
  expect(() => check(text)).not.toThrow()
})

it.each([
  ["a: [1\n b", /--values .*values\.yaml: not YAML: .*line/s],
  ["- a\n- b\n", /keys and their values/],
  ["words", /keys and their values/],
])("the values %j are refused with file and reason", (text, message) => {
  expect(() => check(text)).toThrow(UsageError)
  expect(() => check(text)).toThrow(message)
})

it("what is not there or no file is refused by its name", () => {
  const missing = join(directory, "missing")
  expect(() => checkGivenFiles({ values: [missing], providerJson: undefined })).toThrow(`${missing}: there is no such`)
  expect(() => checkGivenFiles({ values: [], providerJson: missing })).toThrow(`${missing}: there is no such`)
  expect(() => checkGivenFiles({ values: [directory], providerJson: undefined })).toThrow(/cannot be read: .*directory/)
})
