import { existsSync } from "node:fs"
import { join } from "node:path"
import { type ClusterProvider, chooseProvider, inspectMachine } from "../../dev/cluster/index.ts"
import { type Image, imageSources, tagged } from "../../dev/images/catalog.ts"
import { Failure } from "../lib/failure.ts"
import { repositoryRoot } from "../lib/paths.ts"
import type { StepContext } from "../lib/steps.ts"
import { type ModelProviders, readModelProviders } from "./model-provider.ts"
import type { UpOptions } from "./options.ts"

/** Checks what was given on the command line and takes a cluster provider; says which one and why. */
export async function choose(
  options: UpOptions,
  { say }: StepContext,
): Promise<{ provider: ClusterProvider; given: ModelProviders }> {
  const given = options.providerJson
    ? readModelProviders(options.providerJson, process.env)
    : { providers: {}, keys: {} }
  const provider = chooseProvider(options, await inspectMachine())
  say(`${provider.name}: ${provider.reason}`)
  if (provider.name === "context" && options.registry === "") {
    throw new Failure("a cluster that exists gets its images from a registry, and none is given", {
      hint: "add --registry PREFIX (one that you can push to and the nodes can pull from), or --provider local or kind",
    })
  }
  return { provider, given }
}

/** Bundles the programs and the UI into `dist/`, if anything they are made of changed. */
export async function build({ say }: StepContext): Promise<void> {
  if (!existsSync(join(repositoryRoot, "node_modules/esbuild"))) {
    throw new Failure("the dependencies are not installed", { hint: "run `npm ci` first" })
  }
  const { buildAll } = await import("../build.ts")
  if (!(await buildAll({ say }))) say("nothing changed")
}

/** The images that this installation needs, tagged by their contents. */
export function imagesFor(provider: ClusterProvider, demo: boolean): Image[] {
  return imageSources
    .filter(({ name }) => name !== "berth/postgres-local" || provider.buildsPostgres)
    .filter(({ name }) => name !== "berth/demo" || demo)
    .map((source) => tagged(source))
}
