import { expect, test } from "vitest"
import { LIMITS } from "./limits.ts"
import { OwnPrompts } from "./own-prompts.ts"

test("the store is asked once, however many messages an agent makes up", async () => {
  let asked = 0
  const own = new OwnPrompts(async () => {
    asked++
    return ["msg_b", "msg_a"]
  })
  own.note("msg_sent")
  const made = Array.from({ length: 1000 }, async (_, index) => await own.has(`msg_made${index}`))
  expect((await Promise.all(made)).some((one) => one)).toBe(false)
  for (const id of ["msg_a", "msg_b", "msg_sent"]) expect(await own.has(id)).toBe(true)
  expect(asked).toBe(1)
})

test("a prompt that is sent while the store is asked is known", async () => {
  const { promise, resolve } = Promise.withResolvers<readonly string[]>()
  const own = new OwnPrompts(() => promise)
  const first = own.has("msg_c")
  own.note("msg_c")
  resolve([])
  expect(await first).toBe(true)
})

test("a store that cannot answer is asked again", async () => {
  const answers = [Promise.reject(new Error("down")), Promise.resolve(["msg_a"])]
  const own = new OwnPrompts(async () => await (answers.shift() ?? []))
  await expect(own.has("msg_a")).rejects.toThrow("down")
  expect(await own.has("msg_a")).toBe(true)
})

test("of very many prompts the newest are known", async () => {
  const own = new OwnPrompts(async () => [])
  for (let index = 0; index <= LIMITS.own_prompts_max; index++) own.note(`msg_${index}`)
  expect([await own.has("msg_0"), await own.has("msg_1")]).toEqual([false, true])
})
