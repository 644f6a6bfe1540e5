import { type Finding, lineAt, type ParsedFile, type SourceFile } from "../source.ts"
import { isPage, messagesOf } from "./texts.ts"

/** Phrases that make a reader stop, and what to write instead. Rules and more examples: CONTRIBUTING.md. */
const phrases: readonly { readonly pattern: RegExp; readonly instead: string }[] = [
  { pattern: /\banew\b/gi, instead: "again" },
  { pattern: /\bwhoever\b/gi, instead: '"the user who", "everyone who", or name who acts' },
  { pattern: /\bsomebody\b/gi, instead: '"someone", or name who acts' },
  { pattern: /\bwish(es|ed)?\b/gi, instead: '"desired state", "request"' },
  { pattern: /\b(not|no) ([a-z]+ ){1,6}any more\b/gi, instead: '"no longer"' },
  { pattern: /\b(he|him|his|himself)\b/g, instead: '"they", "them", "their"' },
  { pattern: /\bis to be had\b|\bcan(not)? be had\b/gi, instead: '"is available"' },
  { pattern: /\bmade good\b/gi, instead: '"repaired"' },
]

/** Finds phrases that are not plain English in pages and in the texts of the chart. */
export function plainPages(file: SourceFile): Finding[] {
  return isPage(file.path) && file.path !== "docs/glossary.md" ? findIn(file, file.text, 0) : []
}

/** The same in messages. */
export function plainMessages(file: ParsedFile): Finding[] {
  return messagesOf(file).flatMap(({ text, start }) => findIn(file, text, start))
}

function findIn(file: SourceFile, text: string, start: number): Finding[] {
  return phrases.flatMap(({ pattern, instead }) =>
    [...text.matchAll(pattern)].map((match) => ({
      path: file.path,
      line: lineAt(file, start + match.index),
      message: `"${match[0]}": write ${instead}`,
    })),
  )
}
