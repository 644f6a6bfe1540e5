import fc from "fast-check"
import { expect, test } from "vitest"
import { countValues, parseJson, parseLongJson, TOO_MANY_VALUES } from "./json.ts"

test("any JSON text is read like everywhere, whatever stands in its strings", async () => {
  await fc.assert(
    fc.asyncProperty(fc.json(), async (raw) => {
      expect(parseJson(raw)).toEqual(JSON.parse(raw))
      expect(await parseLongJson(Buffer.from(raw), 1e6)).toEqual(JSON.parse(raw.toWellFormed()))
    }),
  )
  expect(countValues('["[[[[,,,,{{{{", "\\"[,[,[,"]')).toBe(2)
})

test("a text of several blocks is read whole, also where a block ends within a character or an escape", async () => {
  const text = `${"x".repeat(1024 * 1024 - 5)}ä€😀\\"[,{`
  for (const shift of [0, 1, 2, 3, 4, 5, 6]) {
    const value = [text.slice(shift), ",".repeat(100), { a: "b" }]
    expect(await parseLongJson(Buffer.from(JSON.stringify(value)), 4)).toEqual(value)
    expect(await parseLongJson(Buffer.from(JSON.stringify(value)), 3)).toBe(TOO_MANY_VALUES)
  }
})

test.each(["[0,0,0,0]", '{"a":0,"b":0,"c":0,"d":0}', "[[[[]]]]", "[{},{}]"])(
  "%s has too many values for three",
  async (raw) => {
    expect(countValues(raw)).toBe(4)
    expect(await parseLongJson(Buffer.from(raw), 3)).toBe(TOO_MANY_VALUES)
    expect(await parseLongJson(Buffer.from(raw), 4)).toEqual(JSON.parse(raw))
  },
)

test("what is not JSON is nothing", () => {
  for (const raw of ["", "{", '"', "<html>", '"\\']) expect(parseJson(raw)).toBeUndefined()
})
