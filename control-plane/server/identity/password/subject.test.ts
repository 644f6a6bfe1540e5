import { expect, test } from "vitest"
import { subjectOf } from "./subject.ts"

test("ASCII letters are folded, and letters that only Unicode makes equal are not", () => {
  expect(subjectOf(" Mark@Corp.Example ")).toBe("mark@corp.example")
  expect(subjectOf("mar\u212A@corp.example")).toBe("mar\u212A@corp.example")
})
