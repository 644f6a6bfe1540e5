import { Ajv, type ErrorObject } from "ajv"
import type { Faults } from "./faults.ts"
import { type ConfigFile, configFileSchema } from "./file-schema.ts"

const ajv = new Ajv({ allErrors: true, strict: true, useDefaults: true })
const validate = ajv.compile<ConfigFile>(configFileSchema)

/** The structured settings with their defaults filled in, or null after the faults have been added. */
export function parseConfigFile(path: string, text: string | undefined, faults: Faults): ConfigFile | null {
  if (text === undefined) {
    faults.add(`the file ${path} (BERTH_CONFIG_FILE) cannot be read`)
    return null
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    faults.add(`the file ${path} is not JSON: ${error instanceof Error ? error.message : "unreadable"}`)
    return null
  }
  if (validate(value)) return value
  for (const error of validate.errors ?? []) faults.add(`${path}: ${describe(error)}`)
  return null
}

function describe(error: ErrorObject): string {
  const where = error.instancePath === "" ? "the top level" : error.instancePath.slice(1).replaceAll("/", ".")
  if (error.keyword === "additionalProperties")
    return `${where} has an unknown key "${error.params.additionalProperty}"`
  if (error.keyword === "required") return `${where} lacks the key "${error.params.missingProperty}"`
  if (error.keyword === "enum") return `${where} must be one of ${JSON.stringify(error.params.allowedValues)}`
  return `${where} ${error.message ?? "is not valid"}`
}
