import { type MouseEvent, memo, useLayoutEffect, useMemo, useRef } from "react"
import { copy } from "../design/clipboard.ts"
import { renderMarkdown, splitMarkdown } from "./render.ts"
import "./markdown.css"

/** What is written from the right where its first letter is. */
const DIRECTED = "p, ul, ol, h1, h2, h3, h4, h5, h6, blockquote, td, th"

/** Text of an agent, as it is being written or complete. */
export const Markdown = memo(function Markdown({ text }: { text: string }) {
  const { blocks, references } = useMemo(() => splitMarkdown(text), [text])
  // What the references say decides how links look; blocks are compared by value.
  const referencesKey = JSON.stringify(references)
  return (
    <div className="markdown" onClick={copyCode}>
      {blocks.map((source, index) => (
        <MarkdownBlock key={index} source={source} references={referencesKey} />
      ))}
    </div>
  )
})

const MarkdownBlock = memo(function MarkdownBlock({ source, references }: { source: string; references: string }) {
  const ref = useRef<HTMLDivElement>(null)
  useLayoutEffect(() => {
    const fragment = renderMarkdown(source, JSON.parse(references))
    for (const block of fragment.querySelectorAll("pre")) frame(block)
    for (const table of fragment.querySelectorAll("table")) makeScrollable(table)
    // A list or a quote has one direction: that of its first letter, wherever in it that is.
    for (const box of fragment.querySelectorAll<HTMLElement>(DIRECTED)) {
      if (!box.parentElement?.closest("[dir]")) box.dir = "auto"
    }
    ref.current?.replaceChildren(fragment)
  }, [source, references])
  return <div ref={ref} className="markdown-block" />
})

/** Code gets a head with its language and a button that copies it. */
function frame(block: HTMLPreElement): void {
  const language = /language-([\w+#.-]+)/.exec(block.querySelector("code")?.className ?? "")?.[1]
  const head = document.createElement("div")
  head.className = "code-head"
  const name = document.createElement("span")
  name.textContent = language ?? "text"
  const button = document.createElement("button")
  button.type = "button"
  button.className = "code-copy"
  button.textContent = "Copy"
  head.append(name, button)
  const box = document.createElement("div")
  box.className = "code-box"
  block.tabIndex = 0
  block.replaceWith(box)
  box.append(head, block)
}

function makeScrollable(table: HTMLTableElement): void {
  const box = document.createElement("div")
  box.className = "table-box"
  box.tabIndex = 0
  table.replaceWith(box)
  box.append(table)
}

function copyCode(event: MouseEvent<HTMLDivElement>): void {
  if (!(event.target instanceof HTMLElement) || !event.target.classList.contains("code-copy")) return
  const code = event.target.closest(".code-box")?.querySelector("pre")?.textContent ?? ""
  void copy(code.replace(/\n$/, ""), "Code copied")
}
