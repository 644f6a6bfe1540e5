/** What a line of the user's message tells the demo model to do. */
export type Directive = { name: DirectiveName; argument: string }

const toolNames = ["bash", "write", "edit", "read", "ask", "todo", "task", "tool", "parallel"] as const
const answerNames = ["think", "say", "slow", "hang", "stall", "status", "drop"] as const

type DirectiveName = (typeof toolNames)[number] | (typeof answerNames)[number]

const line = new RegExp(`^\\s*(${[...toolNames, ...answerNames].join("|")}):[ \\t]*(.*?)\\s*$`)

/** The directives of a message, in their order. Lines that are none are ignored. */
export function readDirectives(text: string): Directive[] {
  return text.split("\n").flatMap((row) => {
    const [, name, argument] = line.exec(row) ?? []
    return isDirectiveName(name) ? [{ name, argument: argument ?? "" }] : []
  })
}

function isDirectiveName(name: string | undefined): name is DirectiveName {
  return name !== undefined && (isToolName(name) || (answerNames as readonly string[]).includes(name))
}

function isToolName(name: string): boolean {
  return (toolNames as readonly string[]).includes(name)
}

/** True for a directive that is a step of its own: the model calls tools and waits for their results. */
export function isStep(directive: Directive): boolean {
  return isToolName(directive.name)
}

export type ToolCall = { tool: string; arguments: object }

/** The tool calls of one step. Throws an `Error` with a sentence for the person when the line cannot be understood. */
export function toolCalls({ name, argument }: Directive): ToolCall[] {
  const shell = (command: string): ToolCall => ({
    tool: "bash",
    arguments: { command, description: "Run the demo's command" },
  })
  switch (name) {
    case "bash":
      return [shell(argument)]
    case "parallel":
      return argument.split(" && ").map(shell)
    case "read":
      return [{ tool: "read", arguments: { filePath: argument } }]
    case "task": {
      const task = { description: "Demo task", prompt: argument, subagent_type: "general" }
      return [{ tool: "task", arguments: task }]
    }
    case "write": {
      const [filePath, content] = split(argument, "::", "write: PATH :: TEXT")
      return [{ tool: "write", arguments: { filePath, content: lines(content) } }]
    }
    case "edit": {
      const form = "edit: PATH :: OLD => NEW"
      const [filePath, change] = split(argument, "::", form)
      const [oldString, newString] = split(change, "=>", form)
      return [{ tool: "edit", arguments: { filePath, oldString: lines(oldString), newString: lines(newString) } }]
    }
    case "ask": {
      const [question, answers] = split(argument, "::", "ask: QUESTION :: ANSWER | ANSWER")
      const options = list(answers).map((label) => ({ label, description: label }))
      return [{ tool: "question", arguments: { questions: [{ question, header: "Demo", options }] } }]
    }
    case "todo":
      return [{ tool: "todowrite", arguments: { todos: list(argument).map(todo) } }]
    case "tool":
      return [namedTool(argument)]
    default:
      return []
  }
}

function split(text: string, separator: string, form: string): [string, string] {
  const at = text.indexOf(separator)
  if (at < 0) throw new Error(`I could not read that line. It has the form \`${form}\`.`)
  return [text.slice(0, at).trim(), text.slice(at + separator.length).trim()]
}

function lines(text: string): string {
  return text.replaceAll("\\n", "\n")
}

function list(text: string): string[] {
  return text.split("|").map((part) => part.trim())
}

function todo(content: string, index: number): object {
  return { id: String(index), content, status: index === 0 ? "in_progress" : "pending", priority: "medium" }
}

function namedTool(argument: string): ToolCall {
  const [, tool, json] = /^(\S+)\s*(.*)$/.exec(argument) ?? []
  try {
    const value: unknown = JSON.parse(json || "{}")
    if (tool && typeof value === "object" && value !== null) return { tool, arguments: value }
  } catch {
    // Told below.
  }
  throw new Error("I could not read that line. It has the form `tool: NAME {JSON}`.")
}
