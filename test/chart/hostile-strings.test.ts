import { Ajv } from "ajv"
import { expect, test } from "vitest"
import { buildSchema } from "../../chart/schema/generate.ts"
import { featureKeys } from "./keys/feature-keys.ts"
import { plainKeys } from "./keys/plain-keys.ts"
import { sessionKeys } from "./keys/session-keys.ts"
import { parseManifests, renderText } from "./support/chart.ts"
import { mainHelm } from "./support/helms.ts"
import { nested, overlay } from "./support/values.ts"

const helm = await mainHelm()
const fitsSchema = new Ajv({ strict: false }).compile(buildSchema())

/** What means something else in YAML, in Go templates or in JSON than it does in a string. The first is all of them. */
const HOSTILE = [
  `\nhostPID: true\n  - "b": 'c' # d {{ .Release.Name }} \\t\te,`,
  "\nhostPID: true",
  '"b',
  "'b",
  ": b",
  " #b",
  '{{ fail "executed" }}',
  "\tb",
  "\\",
  "}",
]

type Place = (value: string, text: string) => string
/** Behind a string, and inside of it: in the folder where it is a path. */
const PLACES: readonly Place[] = [
  (value, text) => value + text,
  (value, text) => {
    const at = Math.max(value.lastIndexOf("/"), 1)
    return value.slice(0, at) + text + value.slice(at)
  },
]

/** The same value with the text in every string in it. */
function withText(value: unknown, text: string, place: Place): unknown {
  if (typeof value === "string") return place(value, text)
  if (Array.isArray(value)) return value.map((one) => withText(one, text, place))
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withText(one, text, place)]))
}

const cases = [...plainKeys, ...sessionKeys, ...featureKeys].flatMap(({ with: base, rows }) =>
  rows.flatMap(([key, value, , also]) => {
    // These are templates.
    if (key === "extraObjects" || !/: ?"|^\[?"/.test(JSON.stringify(value))) return []
    return PLACES.map((place) => ({
      key,
      values: (text: string) => overlay(overlay(base, also ?? {}), nested(key, withText(value, text, place))),
    }))
  }),
)

/** Every place of the manifests that holds something, with the kind of thing it holds; JSON in a string is entered. */
function placesOf(value: unknown, place: string, text: string): string[] {
  if (typeof value === "string" && /^\s*[[{]"/.test(value)) {
    return placesOf(JSON.parse(value), `${place}.json`, text)
  }
  if (typeof value !== "object" || value === null) return [`${place} ${typeof value}`]
  return Object.entries(value).flatMap(([key, child]) => {
    return placesOf(child, `${place}.${text === "" ? key : key.replaceAll(text, "")}`, text)
  })
}

/** What stands where in the manifests, or Helm's words when it refuses the values. */
async function shapeOf(values: object, text: string): Promise<string | string[]> {
  const manifests = await renderText(helm, { values }).catch((error: Error) => error.message)
  if (manifests.startsWith("Error: ")) return manifests
  return parseManifests(manifests)
    .flatMap((object) => placesOf(object, object.kind, text))
    .toSorted()
}

const usual = new Map<string, Promise<string | string[]>>()
/** The shape without the text, made once. */
function usualShapeOf(values: object): Promise<string | string[]> {
  const id = JSON.stringify(values)
  const found = usual.get(id) ?? shapeOf(values, "")
  usual.set(id, found)
  return found
}

const admitted = cases.flatMap(({ key, values }) => {
  const [all = "", ...each] = HOSTILE
  const texts = fitsSchema(values(all)) ? [all] : each.filter((text) => fitsSchema(values(text)))
  return texts.map((text) => ({ key, text, values }))
})

test.concurrent.each(admitted)("$key with $text stays text", async ({ text, values }) => {
  const shape = await shapeOf(values(text), text)
  if (typeof shape === "string") expect(shape).toContain("The values do not fit together:")
  else expect(shape).toEqual(await usualShapeOf(values("")))
})

test("most keys with text were tried, and the others are refused by the schema", () => {
  const keys = new Set(cases.map(({ key }) => key))
  const tried = new Set(admitted.map(({ key }) => key))
  console.log(`${keys.size} keys hold text; ${tried.size} take some of ${HOSTILE.length} hostile texts, as text`)
  expect(keys.size).toBeGreaterThan(180)
  expect(tried.size).toBeGreaterThan(60)
})
