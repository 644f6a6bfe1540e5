import { expect, test } from "vitest"
import { merge } from "./merge.ts"

/** A source that the test feeds. `asked`: how many items it was asked for. */
function source() {
  const waiting: PromiseWithResolvers<IteratorResult<string>>[] = []
  const state = { asked: 0, left: false }
  const iterator: AsyncIterator<string> = {
    next() {
      state.asked += 1
      const asked = Promise.withResolvers<IteratorResult<string>>()
      waiting.push(asked)
      return asked.promise
    },
    async return() {
      state.left = true
      return { done: true, value: undefined }
    },
  }
  return {
    state,
    give: (value: string) => waiting.shift()?.resolve({ done: false, value }),
    end: () => waiting.shift()?.resolve({ done: true, value: undefined }),
    fail: (error: Error) => waiting.shift()?.reject(error),
    [Symbol.asyncIterator]: () => iterator,
  }
}

async function* endless(name: string) {
  for (let n = 0; ; n += 1) yield `${name}${n}`
}

test("gives what comes, from whichever source, and ends when all have ended", async () => {
  const [one, two] = [source(), source()]
  const all = merge([one, two])
  const first = all.next()
  two.give("b")
  expect((await first).value).toBe("b")
  const second = all.next()
  one.give("a")
  expect((await second).value).toBe("a")
  const end = all.next()
  await expect.poll(() => [one.state.asked, two.state.asked]).toEqual([2, 2])
  one.end()
  two.end()
  expect((await end).done).toBe(true)
})

test("does not prefer a source that always has something", async () => {
  const seen: string[] = []
  for await (const item of merge([endless("a"), endless("b"), endless("c")])) {
    seen.push(item)
    if (seen.length === 300) break
  }
  for (const name of ["a", "b", "c"]) {
    const own = seen.filter((item) => item.startsWith(name))
    expect(own).toEqual(own.map((_, n) => `${name}${n}`))
    expect(own.length).toBeGreaterThan(90)
  }
})

test("asks a source for its next item only when the one before was taken", async () => {
  const [one, two] = [source(), source()]
  const all = merge([one, two])
  const first = all.next()
  one.give("a")
  two.give("b")
  await first
  expect([one.state.asked, two.state.asked]).toEqual([1, 1])
  await all.return(undefined)
  expect([one.state.left, two.state.left]).toEqual([true, true])
})

test("throws the first failure and leaves the other sources", async () => {
  const [one, two] = [source(), source()]
  const first = merge([one, two]).next()
  one.fail(new Error("no database"))
  await expect(first).rejects.toThrow("no database")
  expect(two.state.left).toBe(true)
})
