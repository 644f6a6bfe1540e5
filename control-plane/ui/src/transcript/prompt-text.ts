import type { Message } from "../api/types.ts"

/** What a prompt says, its texts apart by an empty line. */
export function promptText({ parts }: Pick<Message, "parts">): string {
  return parts.flatMap((part) => (part.type === "text" ? [part.body.text ?? ""] : [])).join("\n\n")
}
