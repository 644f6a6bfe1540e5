import { isObject } from "./json.ts"
import { isCatalogued } from "./kinds.ts"

/**
 * A sentence for each model whose limits nobody knows: OpenCode then asks for 32,000 tokens of output, and never makes a
 * long conversation shorter. Models of the ids that OpenCode has a list for bring theirs.
 */
export function limitWarnings(id: string, json: Readonly<Record<string, unknown>>): string[] {
  const { models } = json
  if (isCatalogued(id) || !isObject(models)) return []
  return Object.entries(models)
    .filter(([, model]) => isObject(model) && !hasLimit(model["limit"]))
    .map(
      ([name]) =>
        `providers.${id}.models.${name}.limit: without {"context": …, "output": …} OpenCode asks for 32,000 tokens of ` +
        "output and never compacts a conversation, which then ends when the model's context is full",
    )
}

function hasLimit(limit: unknown): boolean {
  return isObject(limit) && Number(limit["context"]) > 0 && Number(limit["output"]) > 0
}
