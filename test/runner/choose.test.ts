import { expect, test } from "vitest"
import { chooseLayers, UsageError } from "./choose.ts"
import { layers } from "./layers.ts"

const files = [
  "control-plane/server/crypto/secret.test.ts",
  "control-plane/server/database/database.integration.test.ts",
  "test/runner/choose.test.ts",
  "test/tidy/tidy.test.ts",
  "test/e2e/story.test.ts",
  "test/e2e/releases/oidc.test.ts",
]
const chosen = (...words: string[]) =>
  chooseLayers(words, files).map(({ name, projects, checks, files: only }) => ({ name, projects, checks, only }))

test("without a word, everything is run", () => {
  expect(chooseLayers([], files)).toEqual([...layers])
})

test("names of layers choose whole layers, in the order in which all of them run", () => {
  expect(chooseLayers(["chart", "unit"], files).map(({ name }) => name)).toEqual(["unit", "chart"])
})

test("a file is run in its own layer, without the layer's checks", () => {
  expect(chosen("test/runner/choose.test.ts")).toEqual([
    { name: "unit", projects: ["unit"], checks: [], only: ["test/runner/choose.test.ts"] },
  ])
  expect(chosen("test/tidy/tidy.test.ts")).toMatchObject([{ name: "check", projects: ["check"] }])
})

test("a folder is run in every layer that has tests in it", () => {
  expect(chosen("control-plane/server").map(({ name, only }) => ({ name, only }))).toEqual([
    { name: "unit", only: ["control-plane/server/crypto/secret.test.ts"] },
    { name: "integration", only: ["control-plane/server/database/database.integration.test.ts"] },
  ])
  expect(chosen("test/e2e")).toMatchObject([{ name: "e2e", projects: ["e2e", "releases"] }])
})

test.each([
  ["unti", '"unti" is neither a layer nor a path of this repository'],
  ["../elsewhere", '"../elsewhere" is neither a layer nor a path of this repository'],
  ["docs", "docs holds no tests"],
])("%s is refused", (word, message) => {
  expect(() => chooseLayers([word], files)).toThrow(new UsageError(message))
})
