import { expect, test } from "vitest"
import { splitLinks } from "./links.ts"

test("addresses in a text are links, the end of the sentence is not part of them", () => {
  expect(splitLinks("Install it at https://github.com/apps/berth/installations/new.")).toEqual([
    { text: "Install it at " },
    {
      text: "https://github.com/apps/berth/installations/new",
      href: "https://github.com/apps/berth/installations/new",
    },
    { text: "." },
  ])
  expect(splitLinks("https://a.example (https://b.example/x?y=1)")).toEqual([
    { text: "https://a.example", href: "https://a.example" },
    { text: " (" },
    { text: "https://b.example/x?y=1", href: "https://b.example/x?y=1" },
    { text: ")" },
  ])
})

test.each([
  "",
  "no address",
  "http://plain.example",
  "javascript:alert(1)",
  "https://",
  "https://good.example@evil.example/",
])("%j has no link in it", (text) => {
  const pieces = splitLinks(text)
  expect(pieces.some(({ href }) => href !== undefined)).toBe(false)
  expect(pieces.map((piece) => piece.text).join("")).toBe(text)
})
