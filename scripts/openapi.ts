import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { openapiDocument } from "../control-plane/server/http/openapi.ts"
import { describeRoutes } from "../control-plane/server/http/routes/index.ts"
import { repositoryRoot } from "./lib/paths.ts"

/**
 * Writes docs/openapi.json from the route table; with `--check` it writes nothing and fails when the file is not what it
 * would write.
 */
const path = join(repositoryRoot, "docs/openapi.json")
const document = `${JSON.stringify(openapiDocument(describeRoutes()), null, 2)}\n`
if (!process.argv.includes("--check")) {
  writeFileSync(path, document)
  console.log("docs/openapi.json is written.")
} else if (readOrEmpty(path) === document) {
  console.log("docs/openapi.json is in sync.")
} else {
  console.error("docs/openapi.json is not what the route table says. Run: npm run openapi")
  process.exitCode = 1
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, "utf8")
  } catch {
    return ""
  }
}
