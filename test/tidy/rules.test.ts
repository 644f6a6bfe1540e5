import { readFileSync } from "node:fs"
import { describe, expect, test } from "vitest"
import { importCircles } from "./rules/circles.ts"
import { docstrings } from "./rules/docstrings.ts"
import { environmentAccess } from "./rules/environment.ts"
import { importDirection, importEndings, rooms } from "./rules/imports.ts"
import { fileLength, functionLength } from "./rules/length.ts"
import { plainMessages, plainPages } from "./rules/phrases.ts"
import { sqlInStores } from "./rules/sql.ts"
import { bannedWords } from "./rules/words.ts"
import { tableWriters } from "./rules/writers.ts"
import { parseSource, type Rule } from "./source.ts"

const lines = (count: number) => "void 0\n".repeat(count)
const inStores = sqlInStores(new Set(["sessions"]))
const server = "control-plane/server"
const protocol = "../../../pod-protocol"

const caught: [what: string, rule: Rule, path: string, text: string][] = [
  ["a file of 401 lines", fileLength, "scripts/a.ts", lines(401)],
  ["a function of 71 lines", functionLength, "scripts/a.ts", `function f() {\n${lines(69)}}`],
  ["an arrow function of 71 lines", functionLength, "scripts/a.ts", `export const f = () => {\n${lines(69)}}`],
  ["a long test", functionLength, "scripts/a.test.ts", `test("x", () => {\n${lines(69)}})`],
  ["a feature that imports http", importDirection, `${server}/sessions/a.ts`, `import "../http/index.ts"`],
  ["an import of the composition root", importDirection, `${server}/http/a.ts`, `import { x } from "../main.ts"`],
  ["an import past the index", importDirection, `${server}/http/a.ts`, `import { x } from "../sessions/store.ts"`],
  ["a type past the index", importDirection, `${server}/http/a.ts`, `import type { X } from "../sessions/store.ts"`],
  ["an export past the index", importDirection, `${server}/http/a.ts`, `export { x } from "../sessions/store.ts"`],
  ["a dynamic import past the index", importDirection, `${server}/http/a.ts`, `await import("../audit/store.ts")`],
  ["a database that knows sessions", importDirection, `${server}/database/a.ts`, `import "../sessions/index.ts"`],
  ["a room that another has no door to", importDirection, `${server}/audit/a.ts`, `import "../sessions/types.ts"`],
  [
    "a value where types are meant",
    importDirection,
    `${server}/runtime/a.ts`,
    `import { x } from "../transcripts/types.ts"`,
  ],
  ["a room that no table knows", importDirection, `${server}/cellar/a.ts`, `import "../database/index.ts"`],
  ["the protocol in a store of settings", importDirection, `${server}/settings/a.ts`, `import "${protocol}/index.ts"`],
  [
    "a pod's own code in the server",
    importDirection,
    `${server}/broker/a.ts`,
    `import "${protocol}/../auth-helpers/main.ts"`,
  ],
  ["Kubernetes in a feature", importDirection, `${server}/sessions/a.ts`, `import k from "@kubernetes/client-node"`],
  [
    "the control plane in a pod",
    importDirection,
    "auth-helpers/a.ts",
    `import "../control-plane/server/time/index.ts"`,
  ],
  ["one program in another", importDirection, "data-plane-init/a.ts", `import "../auth-helpers/main.ts"`],
  ["a side of the wire in the protocol", importDirection, "pod-protocol/a.ts", `import "../auth-helpers/main.ts"`],
  ["server code in the UI", importDirection, "control-plane/ui/a.ts", `import { x } from "../server/time/index.ts"`],
  ["a script in the product", importDirection, `${server}/http/a.ts`, `import "../../../scripts/lib/run.ts"`],
  ["an import without ending", importEndings, "scripts/a.ts", `import "./b"`],
  ["an import of what a compiler would make", importEndings, "scripts/a.ts", `import "./b.js"`],
  ["a statement outside of a store", inStores, `${server}/sessions/a.ts`, "query(`SELECT id FROM sessions`)"],
  ["a statement in quotes", inStores, `${server}/sessions/a.ts`, `query("DELETE FROM sessions")`],
  ["a raw query", inStores, `${server}/sessions/a.ts`, "database.raw(text)"],
  ["a table named outside of a store", inStores, `${server}/sessions/a.ts`, `transaction("sessions as s")`],
  ["a look at the environment", environmentAccess, `${server}/sessions/a.ts`, "const home = process.env.HOME"],
  ["a function without words", docstrings, `${server}/sessions/a.ts`, "export function f() {}"],
  ["a constant function without words", docstrings, `${server}/sessions/a.ts`, "export const f = () => 1"],
  ["a function with a note only", docstrings, `${server}/sessions/a.ts`, "// a note\nexport async function f() {}"],
  ["unfinished work", bannedWords, "scripts/a.ts", `// ${"TO"}DO later`],
  ["a machine's path", bannedWords, "scripts/a.ts", `const a = "${"/ro"}ot/x"`],
  ["a home directory", bannedWords, "scripts/a.ts", `const a = "${"/ho"}me/someone/x"`],
  ["a tool's signature", bannedWords, "scripts/a.ts", `// ${"Co-"}Authored-By: somebody`],
  ["a page that is hard to read", plainPages, "docs/a.md", `"${"Who"}ever reads it"`],
  ["a description that is hard to read", plainPages, "chart/values.yaml", `"made ${"an"}ew"`],
  ["a message that is hard to read", plainMessages, `${server}/a.ts`, `fail("this is not there ${"any"} more")`],
  ["a tracker's number", bannedWords, "scripts/a.ts", `// see iss${"ue"} 12`],
]

const allowed: [what: string, rule: Rule, path: string, text: string][] = [
  ["a file of 400 lines", fileLength, "scripts/a.ts", lines(400)],
  ["a function of 70 lines", functionLength, "scripts/a.ts", `function f() {\n${lines(68)}}`],
  ["a long describe block", functionLength, "scripts/a.test.ts", `describe.each([1])("x", () => {\n${lines(80)}})`],
  ["http that imports a feature", importDirection, `${server}/http/a.ts`, `import { x } from "../sessions/index.ts"`],
  ["the types of a feature", importDirection, `${server}/broker/a.ts`, `import type { X } from "../sessions/types.ts"`],
  ["the protocol in the broker", importDirection, `${server}/broker/a.ts`, `import { x } from "${protocol}/relay.ts"`],
  ["the protocol in the sidecar", importDirection, "auth-helpers/sidecar/a.ts", `import "../../pod-protocol/relay.ts"`],
  ["the composition root", importDirection, `${server}/main.ts`, `import { x } from "./http/index.ts"`],
  ["Kubernetes in cluster/", importDirection, `${server}/cluster/a.ts`, `import k from "@kubernetes/client-node"`],
  ["types of Kubernetes", importDirection, `${server}/workloads/a.ts`, `import type k from "@kubernetes/client-node"`],
  [
    "server types in the UI",
    importDirection,
    "control-plane/ui/a.ts",
    `import type { X } from "../server/time/index.ts"`,
  ],
  ["a store", inStores, `${server}/sessions/session-store.ts`, "database.raw(`SELECT 1 `)"],
  ["a sentence that begins as SQL does", inStores, `${server}/sessions/a.ts`, `"Select a repository"`],
  ["a raw string", inStores, `${server}/sessions/a.ts`, "String.raw`a`"],
  ["config/", environmentAccess, `${server}/config/a.ts`, "process.env"],
  ["a docstring", docstrings, `${server}/sessions/a.ts`, "/** Does it. */\nexport async function f() {}"],
  [
    "a docstring over overloads",
    docstrings,
    "scripts/a.ts",
    "/** Does it. */\nexport function f(a: 1): 1\nexport function f(a: 2): 2\nexport function f(a: 1 | 2) { return a }",
  ],
  ["the word of a program", plainMessages, `${server}/a.ts`, `const code = "${"an"}ew"`],
  ["a plain message", plainMessages, `${server}/a.ts`, `fail("This request is no longer open.")`],
  ["the agent's home", bannedWords, "scripts/a.ts", `"/home/agent/x"`],
]

describe("a rule", () => {
  test.each(caught)("catches %s", (_, rule, path, text) => {
    expect(rule(parseSource({ path, text }))).not.toEqual([])
  })

  test.each(allowed)("lets pass %s", (_, rule, path, text) => {
    expect(rule(parseSource({ path, text }))).toEqual([])
  })
})

const sourceOf = ([path, text]: readonly [string, string]) => parseSource({ path, text })

test.each<[what: string, files: [string, string][], count: number]>([
  [
    "two that import each other",
    [
      ["a/a.ts", `import "./b.ts"`],
      ["a/b.ts", `import "./a.ts"`],
    ],
    1,
  ],
  [
    "types of each other",
    [
      ["a/a.ts", `import type { B } from "./b.ts"`],
      ["a/b.ts", `export type { A } from "./a.ts"`],
    ],
    1,
  ],
  [
    "three in a ring",
    [
      ["a.ts", `import "./b.ts"`],
      ["b.ts", `import "./c.ts"`],
      ["c.ts", `await import("./a.ts")`],
    ],
    1,
  ],
  [
    "two rings",
    [
      ["a.ts", `import "./a.ts"`],
      ["b.ts", `import "./c.ts"`],
      ["c.ts", `import "./b.ts"`],
    ],
    2,
  ],
  [
    "none where two ways lead to one",
    [
      ["a.ts", `import "./b.ts"; import "./c.ts"`],
      ["b.ts", `import "./c.ts"`],
      ["c.ts", ""],
    ],
    0,
  ],
  [
    "none in tests",
    [
      ["a.test.ts", `import "./b.test.ts"`],
      ["b.test.ts", `import "./a.test.ts"`],
    ],
    0,
  ],
])("the rule on circles finds %s", (_, files, count) => {
  expect(importCircles(files.map(sourceOf))).toHaveLength(count)
})

test.each<[what: string, other: string, count: number]>([
  ["an INSERT", "sql(`INSERT INTO users (id) VALUES (1)`)", 2],
  ["an UPDATE in a longer statement", "sql(`WITH a AS (UPDATE users SET x = 1 RETURNING id) SELECT * FROM a`)", 2],
  ["a DELETE in quotes", `sql("DELETE FROM users")`, 2],
  ["a chain of calls", `database("users as u").where({ id }).update({ x })`, 2],
  ["nothing in what only reads", "sql(`SELECT * FROM users FOR UPDATE`)", 0],
  ["nothing in another table", "sql(`INSERT INTO others (id) VALUES (1)`)", 0],
])("the rule on writers finds %s", (_, other, count) => {
  const files = [
    ["identity/store.ts", "sql(`INSERT INTO users (id) VALUES (2)`)"],
    ["settings/store.ts", other],
  ] as const
  const found = tableWriters(new Set(["users"]))(files.map(([path, text]) => sourceOf([`${server}/${path}`, text])))
  expect(found).toHaveLength(count)
})

test("ARCHITECTURE.md tells of every room what the rule lets it import", () => {
  const rows = [...readFileSync("ARCHITECTURE.md", "utf8").matchAll(/^\| `…\/([^`]+)` \|.*\| ([^|]*) \|$/gm)]
  const told = rows.flatMap(([, names = "", column = ""]) => {
    const [whole = "", types = ""] = column.split("types of")
    const may = [...namesIn(whole), ...namesIn(types).map((name) => `types of ${name}`)].sort()
    return [...names.matchAll(/[a-z-]+/g)].map(([name]) => [name, may] as const)
  })
  const held = Object.entries(rooms).map(([name, may]) => [name, [...may].sort()] as const)
  expect(Object.fromEntries(told)).toEqual(Object.fromEntries(held))
})

function namesIn(text: string): string[] {
  return [...text.matchAll(/`([a-z-]+)`/g)].map(([, name = ""]) => name)
}
