import type { Message, Part, TodoItem } from "../api/types.ts"

/** The to-do list that a part writes, or null when it is not a call of the to-do tool with a whole list. */
export function todosOfPart(part: Part): readonly TodoItem[] | null {
  const tool = part.body.tool
  if (tool?.name !== "todowrite" || !isRecord(tool.input) || !Array.isArray(tool.input.todos)) return null
  const todos: TodoItem[] = []
  for (const item of tool.input.todos) {
    if (!isRecord(item) || typeof item.content !== "string") return null
    todos.push({
      content: item.content,
      status: typeof item.status === "string" ? item.status : "pending",
      priority: typeof item.priority === "string" ? item.priority : "medium",
    })
  }
  return todos
}

/** The last to-do list written in these messages: the history does not carry it apart. */
export function todosOf(messages: readonly Message[]): readonly TodoItem[] | null {
  for (const message of messages.toReversed()) {
    for (const part of message.parts.toReversed()) {
      const todos = todosOfPart(part)
      if (todos) return todos
    }
  }
  return null
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null
}
