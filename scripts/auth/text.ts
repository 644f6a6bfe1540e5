import type { Diagnosis, ProfileDiagnosis } from "./plan.ts"

/** A diagnosis for people. */
export function textOf({ profiles, helpers, environmentFiles, problems, notes }: Diagnosis): string {
  const lines = profiles.flatMap((profile) => [...linesOf(profile), ""])
  if (profiles.length === 0) lines.push("no profiles", "")
  lines.push(`auth-helpers=[${helpers === null ? "not looked at" : listOf(helpers)}]`)
  if (environmentFiles !== null && environmentFiles.names.length > 0) {
    lines.push(
      `environment files=[${listOf(environmentFiles.names)}]; requests may choose [${listOf(environmentFiles.selectable)}]`,
    )
  }
  lines.push(...section("notes", notes), ...section("problems", problems))
  return `${lines.join("\n")}\n`
}

function linesOf(profile: ProfileDiagnosis): string[] {
  const { name, isDefault, resolvers, binding, env, environmentFiles, allowedBindings } = profile
  const files = environmentFiles.map((file) => `all of ${file}`)
  return [
    `profile ${name}${isDefault ? " (default)" : ""}`,
    ...resolvers.map(
      (one) =>
        `  resolver ${one.name}: ${one.command}${one.argumentCount > 0 ? ` with ${one.argumentCount} argument(s)` : ""}, ` +
        `good for ${one.ttl_ms} ms${one.found === null ? "" : one.found ? ", found" : ", NOT FOUND"}`,
    ),
    `  binding ${binding.type}: ${destinationOf(profile)}`,
    `  a request may choose instead: ${listOf(allowedBindings)}`,
    `  env: ${listOf(env)}`,
    `  environment files: ${listOf(environmentFiles)}`,
    `  user-settings.json present=${profile.userSettingsPresent}`,
    `  exposed to the agent: ${listOf([...profile.exposedToAgent, ...files])}`,
  ]
}

function destinationOf({ binding }: ProfileDiagnosis): string {
  return binding.type === "bearer_env"
    ? `what ${binding.resolver} prints is ${binding.variable} of the agent, EXPOSED to it`
    : `what ${binding.resolver} prints goes into requests to the model provider ${binding.provider}, not to the agent`
}

function listOf(names: readonly string[]): string {
  return names.length === 0 ? "none" : names.join(",")
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ["", `${title}:`, ...lines.map((line) => `- ${line}`)]
}
