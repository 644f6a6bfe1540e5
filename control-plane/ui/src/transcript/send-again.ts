import type { Message } from "../api/types.ts"
import { promptText } from "./prompt-text.ts"

/**
 * The text of the prompt that a message is about, when nobody has sent it again since: of a prompt that did not arrive, or
 * the one before an answer that was interrupted. Null otherwise, also when the prompt is not loaded.
 */
export function textToSendAgain(message: Message, messages: readonly Message[]): string | null {
  const at = messages.findIndex(({ id }) => id === message.id)
  if (at === -1) return null
  const promptAt = messages.findLastIndex((one, index) => index <= at && isPrompt(one))
  const prompt = messages[promptAt]
  if (prompt === undefined) return null
  const text = promptText(prompt)
  const isRepeated = messages.some((one, index) => index > promptAt && isPrompt(one) && promptText(one) === text)
  return text === "" || isRepeated ? null : text
}

function isPrompt({ role, origin, agentSessionId }: Message): boolean {
  return role === "user" && origin !== "agent" && agentSessionId === null
}
