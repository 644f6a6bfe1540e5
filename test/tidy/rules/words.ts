import { type Finding, lineAt, type SourceFile } from "../source.ts"

/** Put together from pieces, so that this file does not hold what it looks for. */
const joined = (...pieces: string[]) => pieces.join("")

const banned: readonly { readonly pattern: RegExp; readonly why: string }[] = [
  {
    pattern: new RegExp(`\\b(${joined("TO", "DO")}|${joined("FIX", "ME")}|${joined("XX", "X")})\\b`, "g"),
    why: "unfinished work is an issue, not a comment",
  },
  {
    pattern: new RegExp(
      [
        joined("\\bCo-", "Authored-By\\b"),
        joined("\\bgenerated (with|by) ", "(an? )?(AI|LLM|Claude|Chat|Copilot|Codex|Cursor|Gemini)"),
        joined("\\bClaude ", "Code\\b"),
        joined("\\bChat", "GPT\\b"),
        joined("\\bGitHub ", "Copilot\\b"),
        joined("\\bAI ", "(assistant|pair|agent)s?\\b"),
      ].join("|"),
      "gi",
    ),
    why: "the repository speaks of the product, not of the tools it was written with",
  },
  {
    pattern: new RegExp(
      joined("(?<![\\w./-])/", "(work|root|Users|var/tmp)/[\\w.]|/home/(?!agent\\b|node\\b)[a-z]"),
      "g",
    ),
    why: "a path of one machine",
  },
  { pattern: new RegExp(joined("\\biss", "ue #?\\d+\\b"), "gi"), why: "a number means nothing outside of its tracker" },
]

/** No words that belong to a tracker, a tool or a machine. */
export function bannedWords(file: SourceFile): Finding[] {
  return banned.flatMap(({ pattern, why }) =>
    [...file.text.matchAll(pattern)].map((match) => ({
      path: file.path,
      line: lineAt(file, match.index),
      message: `"${match[0]}": ${why}`,
    })),
  )
}
