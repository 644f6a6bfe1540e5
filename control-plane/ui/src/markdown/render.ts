import createPurifier from "dompurify"
import MarkdownIt from "markdown-it"

const markdown = new MarkdownIt({ html: false, linkify: true, breaks: false })

// An image would be fetched from wherever the text says, with whatever it says in the address: it is shown as a link.
markdown.renderer.rules.image = (tokens, index) => {
  const token = tokens[index]
  const address = String(token?.attrGet("src") ?? "")
  const words = token?.content || address
  const escape = markdown.utils.escapeHtml
  return `<a href="${escape(address)}">${escape(words)}</a>`
}

const TAGS =
  "a blockquote br code del em h1 h2 h3 h4 h5 h6 hr li ol p pre s strong table tbody td th thead tr ul".split(" ")

const purifier = createPurifier(window)
purifier.addHook("afterSanitizeAttributes", (node) => {
  if (node.tagName !== "A") return
  node.setAttribute("target", "_blank")
  node.setAttribute("rel", "noopener noreferrer nofollow")
})

/** Where the links of a text lead that are named in one place and defined in another. */
type References = NonNullable<NonNullable<Parameters<typeof markdown.render>[1]>["references"]>

/** Markdown as nodes of the page: no raw HTML, no scripts, no styles, no images; links only to http, https and mailto. */
export function renderMarkdown(source: string, references: References): DocumentFragment {
  const html = markdown.render(source, { references })
  return purifier.sanitize(html, {
    ALLOWED_TAGS: TAGS,
    ALLOWED_ATTR: ["href", "class", "start", "title"],
    ALLOWED_URI_REGEXP: /^(?:https?:|mailto:)/i,
    RETURN_DOM_FRAGMENT: true,
  })
}

/**
 * Cuts a text where its top-level blocks end, so that while text streams in only the last block is rendered again.
 * @returns the blocks and the link references of the whole text
 */
export function splitMarkdown(text: string): { blocks: readonly string[]; references: References } {
  const env: { references?: References } = {}
  const tokens: ReturnType<typeof markdown.parse> = []
  markdown.block.parse(text.replace(/\r\n?/g, "\n"), markdown, env, tokens)
  const starts = tokens
    .filter((token) => token.level === 0 && token.map && token.nesting >= 0)
    .map((token) => token.map?.[0] ?? 0)
  const lines = text.replace(/\r\n?/g, "\n").split("\n")
  const blocks = starts.map((start, index) => lines.slice(index === 0 ? 0 : start, starts[index + 1]).join("\n"))
  return { blocks: blocks.length === 0 ? [text] : blocks, references: env.references ?? {} }
}
