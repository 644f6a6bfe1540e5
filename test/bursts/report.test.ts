import { expect, test } from "vitest"
import { tableOf, unanswered } from "./report.ts"

const prompt = { id: "msg", words: "w", took_ms: 1_500 }

test("the table counts what was sent, and a prompt that is missing is unanswered", () => {
  const good = {
    id: "ses_1",
    sent: 2,
    prompts: [prompt, prompt].map((one) => ({ ...one, outcome: "answered" as const })),
  }
  const lost = { id: "ses_2", sent: 3, prompts: [{ ...prompt, took_ms: 2_000, outcome: "interrupted" as const }] }
  expect([unanswered(good), unanswered(lost)]).toEqual([0, 2])
  expect(tableOf([good, lost]).split("\n")).toEqual([
    "session  sent  answered  interrupted  unanswered  slowest",
    "ses_1       2         2            0           0    1.5 s",
    "ses_2       3         0            1           2    2.0 s",
    "all         5         2            1           2    2.0 s",
  ])
})
