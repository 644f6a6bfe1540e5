import type { Json, JsonObject } from "./json.ts"

const BEGIN = "<!-- values: begin (generated from values.yaml) -->"
const END = "<!-- values: end -->"

/** The README with a fresh table of all values between its two marks. */
export function writeTable(readme: string, schema: JsonObject): string {
  const from = readme.indexOf(BEGIN)
  const to = readme.indexOf(END)
  if (from < 0 || to < 0) throw new Error("README.md lacks the marks of the values table")
  return `${readme.slice(0, from + BEGIN.length)}\n\n${tables(schema)}\n\n${readme.slice(to)}`
}

function tables(schema: JsonObject): string {
  const sections = Object.entries(schema["properties"] as Record<string, JsonObject>)
  const heads = sections.filter(([name]) => name !== "global" && name !== "enabled")
  return heads.map(([name, section]) => table(name, section)).join("\n\n")
}

function table(name: string, section: JsonObject): string {
  const head = `### ${name}\n\n${section["properties"] && section["description"] ? `${section["description"]}\n\n` : ""}`
  const body = rows(name, section).map(({ key, value, text }) => `| \`${key}\` | ${value} | ${text} |`)
  return `${head}| key | default | |\n|---|---|---|\n${body.join("\n")}`
}

function rows(path: string, node: JsonObject): { key: string; value: string; text: string }[] {
  const own =
    node["default"] === undefined
      ? []
      : [{ key: path, value: `\`${cell(node["default"])}\``, text: escape(String(node["description"])) }]
  const children = Object.entries((node["properties"] ?? {}) as Record<string, JsonObject>)
  // The inside of a map with a default of its own is told by that default.
  return own.length > 0 ? own : children.flatMap(([key, child]) => rows(`${path}.${key}`, child))
}

function cell(value: Json): string {
  return escape(JSON.stringify(value))
}

function escape(text: string): string {
  return text.replaceAll("|", "\\|")
}
