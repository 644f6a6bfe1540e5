import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { parse } from "yaml"
import { repositoryRoot } from "../../scripts/lib/paths.ts"
import { layers } from "../runner/layers.ts"

interface Workflow {
  readonly jobs: Readonly<
    Record<string, { readonly steps: readonly { readonly run?: string; readonly uses?: string }[] }>
  >
}

const directory = join(repositoryRoot, ".github/workflows")
const { scripts } = JSON.parse(readFileSync(join(repositoryRoot, "package.json"), "utf8")) as { scripts: object }
const commands = readdirSync(directory).flatMap((file) => {
  const { jobs } = parse(readFileSync(join(directory, file), "utf8")) as Workflow
  return Object.values(jobs).flatMap(({ steps }) => steps.flatMap(({ run }) => (run ? [[file, run] as const] : [])))
})

/** What is wrong with a command of a workflow: it has to be one npm script that runs anywhere. Null: nothing. */
function faultOf(command: string): string | null {
  if (command.trim() === "npm ci") return null
  const [, script = "", rest = ""] = /^npm (?:run )?([\w:]+)(?: -- (.+))?$/.exec(command.trim()) ?? []
  if (script === "") return "is not one npm script"
  if (!Object.hasOwn(scripts, script)) return `package.json has no script ${script}`
  const unknown =
    script === "test" ? rest.split(" ").find((name) => !layers.some((layer) => layer.name === name)) : undefined
  return unknown ? `there is no layer ${unknown}` : null
}

test.each(commands)("%s: `%s` is an npm script that there is", (_file, command) => {
  expect(faultOf(command)).toBeNull()
})

test("workflows for lint, chart and an install are there, and wrong commands are noticed", () => {
  expect(commands.length).toBeGreaterThan(5)
  expect(faultOf("npm run nothing")).toBe("package.json has no script nothing")
  expect(faultOf("npm test -- nothing")).toBe("there is no layer nothing")
  expect(faultOf("helm lint chart")).toBe("is not one npm script")
  expect(faultOf("npm run build\nnpm run nothing")).toBe("is not one npm script")
})
