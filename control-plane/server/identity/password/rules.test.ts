import { describe, expect, test } from "vitest"
import { passwordFault, requireGoodPassword } from "./rules.ts"

const PERSON = { email: "margaret.hamilton@example.com", name: "Margaret Hamilton" }
const faultOf = (password: string) => passwordFault(password, PERSON)

describe("a new password", () => {
  test.each([
    "correct horse battery",
    "kein schöner Land in dieser Zeit",
    "x7-pq9-mmw-42r",
    "umbrella over the pond",
    "margaret went to sea again",
    "密码是一个很长的句子对吧好的",
  ])("may be %s", (password) => {
    expect(faultOf(password)).toBeNull()
  })

  test.each([
    ["short", "12 characters at least"],
    ["ééééééééééé", "12 characters at least"],
    ["x".repeat(1_025), "1024 characters at most"],
    ["password1234", "guessed first"],
    ["P@ssw0rd2024!!", "guessed first"],
    ["Change-Me-Now-1", "guessed first"],
    ["1234-qwertyuiop", "guessed first"],
    ["administrator1", "guessed first"],
    ["aaaaaaaaaaaaaaaa", "pattern"],
    ["123412341234123", "pattern"],
    ["123456789012", "pattern"],
    ["abcdefghijklmn", "pattern"],
    ["margaret.hamilton", "your name or address"],
    ["Hamilton12345", "your name or address"],
    ["example.com123", "your name or address"],
  ])("may not be %s", (password, words) => {
    expect(faultOf(password)).toContain(words)
  })
})

test("a refusal names the field of the request that the password was in", () => {
  for (const field of ["body.password", "body.new"] as const) {
    expect(() => requireGoodPassword("short", { email: "a@example.com", name: "A" }, field)).toThrow(
      expect.objectContaining({ details: { field } }),
    )
  }
})
