import { type Finding, isTest, lineAt, type ParsedFile, type SourceFile, walk } from "../source.ts"

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

/** Pages that are read by people who do not work on Berth, and the texts that its chart prints. */
const read =
  /^(?!docs\/glossary\.md$)([\w./-]+\.md|chart\/values\.yaml|chart\/schema\/[\w-]+\.json|chart\/templates\/(NOTES\.txt|_lib\/_validate[\w-]*\.tpl))$/

/** Finds phrases that are not plain English in pages and in the texts of the chart. */
export function plainPages(file: SourceFile): Finding[] {
  return read.test(file.path) ? findIn(file, file.text, 0) : []
}

/** The same in messages: the texts in quotes of everything that runs, of which more than one word makes a message. */
export function plainMessages(file: ParsedFile): Finding[] {
  if (isTest(file.path)) return []
  return [...walk(file.parsed.program)].flatMap((node) => {
    if (node.type !== "Literal" && node.type !== "TemplateElement" && node.type !== "JSXText") return []
    const text = file.text.slice(node.start, node.end)
    return text.trim().includes(" ") ? findIn(file, text, node.start) : []
  })
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
