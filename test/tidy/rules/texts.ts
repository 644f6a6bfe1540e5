import { isTest, type ParsedFile, walk } from "../source.ts"

/** A text in quotes, as it is written in its file, and where it begins there. */
export interface Message {
  readonly text: string
  readonly start: number
}

const page =
  /^([\w./-]+\.md|chart\/values\.yaml|chart\/schema\/[\w-]+\.json|chart\/templates\/(NOTES\.txt|_lib\/_validate[\w-]*\.tpl))$/

/** True for pages that are read by people who do not work on Berth, and for the texts that its chart prints. */
export function isPage(path: string): boolean {
  return page.test(path)
}

/** The texts in quotes of a file that runs, of which more than one word makes a message; none of a test. */
export function messagesOf(file: ParsedFile): Message[] {
  if (isTest(file.path)) return []
  return [...walk(file.parsed.program)].flatMap(({ type, start, end }) => {
    if (type !== "Literal" && type !== "TemplateElement" && type !== "JSXText") return []
    const text = file.text.slice(start, end)
    return text.trim().includes(" ") ? [{ text, start }] : []
  })
}
