import type { ProviderView } from "../../../../server/credentials/providers/admin.ts"

/** What stands where a stored secret is; sent back, it keeps the secret. */
export const SECRET_PLACEHOLDER = "%%SECRET%%"

/** A model provider as administrators see it. */
export type Provider = ProviderView

export type { ProviderTest } from "../../../../server/credentials/providers/test-provider.ts"

/** What of a definition fits a line: its name, its package, how many models it names. */
export function summaryOf({ id, definition }: Provider): { name: string; npm: string; models: readonly string[] } {
  const { name, npm, models } = definition
  return {
    name: typeof name === "string" && name !== "" ? name : id,
    npm: typeof npm === "string" ? npm : "",
    models: typeof models === "object" && models !== null ? Object.keys(models) : [],
  }
}

/** A place in a text, counted from 1, and what is wrong there. */
export interface JsonFault {
  readonly message: string
  readonly line: number
  readonly column: number
  /** Characters from the beginning. */
  readonly at: number
}

/** A definition as it was written, or what keeps it from being one. */
export function readDefinition(text: string): { definition: Record<string, unknown> } | { fault: JsonFault } {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return { definition: value as Record<string, unknown> }
    }
    return { fault: { ...placeOf(text, 0), message: "An object is needed: { … }" } }
  } catch (error) {
    return { fault: faultOf(text, error instanceof Error ? error.message : "") }
  }
}

/** Engines say where in words of their own: by position, or by line and column; at the end they say nothing. */
function faultOf(text: string, words: string): JsonFault {
  const position = /at position (\d+)/.exec(words)?.[1]
  const place = /line (\d+),? column (\d+)/.exec(words)
  const message = words
    .replace(/^JSON\.parse: /, "")
    .replace(/,? \.\.\..*$|,? ".*" is not valid JSON$/s, "")
    .replace(/ (in JSON )?at (position|line) .*$/s, "")
  if (position !== undefined) return { ...placeOf(text, Number(position)), message }
  if (place) return { ...placeOf(text, offsetOf(text, Number(place[1]), Number(place[2]))), message }
  const token = /token '(.)'/su.exec(words)?.[1]
  const at = token === undefined ? text.length : text.indexOf(token)
  return { ...placeOf(text, at === -1 ? text.length : at), message }
}

function placeOf(text: string, at: number): { line: number; column: number; at: number } {
  const before = text.slice(0, at)
  return { line: before.split("\n").length, column: at - before.lastIndexOf("\n"), at }
}

function offsetOf(text: string, line: number, column: number): number {
  const before = text.split("\n").slice(0, line - 1)
  return before.join("\n").length + (before.length > 0 ? 1 : 0) + column - 1
}

/** Ids as the server takes them: one segment of an address, and the name of a key file. */
export function idFault(id: string): string | null {
  if (id === "") return "Give it an id, as in <id>/<model>."
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(id)
    ? null
    : 'An id has letters, digits, ".", "_" and "-" only, and begins with a letter or digit.'
}

/** A definition as people edit it. */
export function definitionText(definition: Provider["definition"]): string {
  return `${JSON.stringify(definition, null, 2)}\n`
}

export interface Template {
  readonly label: string
  readonly id: string
  readonly definition: Provider["definition"]
}

/** Where to begin with a new provider. */
export const TEMPLATES: readonly Template[] = [
  {
    label: "OpenAI-compatible server",
    id: "my-models",
    definition: {
      npm: "@ai-sdk/openai-compatible",
      name: "My models",
      options: { baseURL: "https://models.example.com/v1", apiKey: "" },
      models: { "my-model": { name: "My model", limit: { context: 32_768, output: 8192 } } },
    },
  },
  { label: "Anthropic", id: "anthropic", definition: { npm: "@ai-sdk/anthropic", options: { apiKey: "" } } },
  { label: "OpenAI", id: "openai", definition: { npm: "@ai-sdk/openai", options: { apiKey: "" } } },
  {
    label: "Amazon Bedrock",
    id: "amazon-bedrock",
    definition: { npm: "@ai-sdk/amazon-bedrock", options: { region: "eu-central-1", apiKey: "" } },
  },
  {
    label: "Azure OpenAI",
    id: "azure",
    definition: { npm: "@ai-sdk/azure", options: { resourceName: "my-resource", apiKey: "" } },
  },
  { label: "Google", id: "google", definition: { npm: "@ai-sdk/google", options: { apiKey: "" } } },
]
