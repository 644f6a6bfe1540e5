import { existsSync, readFileSync } from "node:fs"
import { isMap, parseDocument } from "yaml"
import { messageOf } from "../lib/failure.ts"
import { type UpOptions, UsageError } from "./options.ts"

/**
 * Looks at the files of the command line before anything is begun: Helm gets to see values only when cluster and images
 * are there, minutes later.
 * @throws UsageError with the file and what is wrong with it
 */
export function checkGivenFiles({ values, providerJson }: Pick<UpOptions, "values" | "providerJson">): void {
  for (const file of values.concat(providerJson ?? [])) {
    if (!existsSync(file)) throw new UsageError(`${file}: there is no such file`)
  }
  for (const file of values) {
    const wrong = whatIsWrong(file)
    if (wrong !== undefined) throw new UsageError(`--values ${file}: ${wrong}`)
  }
}

function whatIsWrong(file: string): string | undefined {
  try {
    const { errors, contents } = parseDocument(readFileSync(file, "utf8"), { uniqueKeys: false })
    if (errors[0] !== undefined) return `not YAML: ${errors[0].message.trimEnd()}`
    // A file with nothing in it is fine.
    return contents === null || isMap(contents) ? undefined : "no Helm values: it has to hold keys and their values"
  } catch (error) {
    return `it cannot be read: ${messageOf(error)}`
  }
}
