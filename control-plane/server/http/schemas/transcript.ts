import { countLimits, pageOf, time } from "./common.ts"

const nullableTime = { type: ["integer", "null"], description: "Milliseconds since the epoch." } as const
const text = { type: "string" } as const
const count = { type: "number" } as const

export const part = {
  title: "Part",
  description: "A piece of a message.",
  type: "object",
  additionalProperties: false,
  required: ["id", "type", "body"],
  properties: {
    id: { type: "string", description: "Within its message." },
    type: {
      type: "string",
      enum: ["text", "reasoning", "tool", "file", "subtask", "step", "patch", "compaction", "other"],
      description: "What it is.",
    },
    removedAt: {
      ...time,
      description:
        "When the agent removed it from its conversation, or took it back: the text of an attempt at the model that failed.",
    },
    body: {
      type: "object",
      description: "What it says; which fields there are depends on the type.",
      additionalProperties: false,
      properties: {
        text: { ...text, description: "For text and reasoning: all of it so far." },
        tool: {
          type: "object",
          description: "A call of a tool.",
          additionalProperties: false,
          required: ["name", "callId", "status"],
          properties: {
            name: text,
            callId: text,
            status: { type: "string", enum: ["pending", "running", "completed", "error", "interrupted"] },
            title: text,
            input: { description: "As the agent gave it." },
            output: text,
            error: text,
            exitCode: { type: "integer" },
            childSessionId: { ...text, description: "The conversation of the sub-agent that this call started." },
          },
        },
        file: {
          type: "object",
          description: "A file that was given or made.",
          additionalProperties: false,
          required: ["name", "mime"],
          properties: { name: text, mime: text },
        },
        files: { type: "array", items: text, description: "Paths that a patch touches." },
        startedAt: time,
        endedAt: time,
      },
    },
  },
} as const

const tokens = {
  type: "object",
  description: "Tokens used.",
  additionalProperties: false,
  required: ["input", "output", "reasoning", "cacheRead", "cacheWrite"],
  properties: { input: count, output: count, reasoning: count, cacheRead: count, cacheWrite: count },
} as const

export const message = {
  title: "Message",
  description: "A message of the conversation.",
  type: "object",
  additionalProperties: false,
  required: ["id", "role", "agentSessionId", "authorId", "delivery", "createdAt", "completedAt", "body", "parts"],
  properties: {
    id: { type: "string", description: "Stable." },
    role: { type: "string", enum: ["user", "assistant"], description: "Who wrote it." },
    origin: {
      type: "string",
      enum: ["agent"],
      description: "Only with the role `user`: the agent made the message itself, no person wrote it.",
    },
    agentSessionId: {
      type: ["string", "null"],
      description: "The sub-agent's conversation; null for the session's own.",
    },
    authorId: { type: ["string", "null"], description: "The user who wrote it." },
    delivery: {
      type: ["string", "null"],
      enum: ["queued", "sending", "sent", "failed", null],
      description:
        "Of a user's message: `queued` until the agent has it. `failed`: the agent gave no answer, and `body.error` says why. To send it again, post its text under a new id.",
    },
    createdAt: time,
    completedAt: nullableTime,
    removedAt: { ...time, description: "When the agent removed it from its conversation; what it said stays here." },
    body: {
      type: "object",
      description: "About the message as a whole.",
      additionalProperties: false,
      properties: {
        model: {
          type: "object",
          description: "What wrote it.",
          additionalProperties: false,
          required: ["provider", "id"],
          properties: { provider: text, id: text },
        },
        cost: { ...count, description: "In US dollars, as the agent counts." },
        tokens,
        finish: { ...text, description: "Why the model stopped." },
        error: {
          type: "object",
          description: "What went wrong.",
          additionalProperties: false,
          required: ["code", "message"],
          properties: { code: text, message: text },
        },
        interrupted: { type: "boolean", description: "The pod went away while the agent was writing it." },
      },
    },
    parts: { type: "array", items: part, description: "In order." },
  },
} as const

const messages = pageOf(message, "A page of the conversation, the newest last.")
export const messagePage = {
  ...messages,
  required: [...messages.required, "lastSeq"],
  properties: {
    ...messages.properties,
    lastSeq: { type: "integer", description: "The number of the last event that this page contains." },
    notices: {
      type: "array",
      description: "On the newest page: what was said besides the messages in the last hour, oldest first.",
      items: {
        type: "object",
        description: "A `notice` with the number of its event.",
        additionalProperties: false,
        required: ["seq", "level", "code", "message"],
        properties: {
          seq: { type: "integer" },
          level: { type: "string", enum: ["info", "error"] },
          code: text,
          message: text,
        },
      },
    },
  },
} as const

export const messageQuery = {
  description: "Which page.",
  type: "object",
  additionalProperties: false,
  properties: {
    before: { type: "integer", ...countLimits, description: "`nextCursor` of the page after it." },
    limit: { type: "integer", minimum: 1, maximum: 500, default: 100, description: "Of one page." },
  },
} as const

export const prompt = {
  title: "Prompt",
  description: "What to say to the agent.",
  type: "object",
  additionalProperties: false,
  required: ["text"],
  properties: {
    id: {
      type: "string",
      pattern: "^[A-Za-z0-9_-]{1,64}$",
      description: "Chosen by the caller: a repeat is the same message.",
    },
    text: { type: "string", minLength: 1, maxLength: 200_000, description: "Markdown." },
  },
} as const

export const agentRequest = {
  title: "AgentRequest",
  description: "Something that the agent waits for.",
  type: "object",
  additionalProperties: false,
  required: ["id", "kind", "state", "createdAt", "body", "answer"],
  properties: {
    id: { type: "string", description: "To answer it with." },
    kind: { type: "string", enum: ["permission", "question"], description: "What it is." },
    state: { type: "string", enum: ["open", "answered", "withdrawn"], description: "Whether it still waits." },
    createdAt: time,
    body: {
      type: "object",
      description: "What it asks.",
      additionalProperties: false,
      properties: {
        permission: { ...text, description: "`bash`, `edit`, …" },
        patterns: { type: "array", items: text },
        always: { type: "array", items: text, description: "What `always` would grant." },
        command: text,
        diff: text,
        questions: {
          type: "array",
          items: {
            type: "object",
            additionalProperties: false,
            required: ["question", "header", "multiple", "options"],
            properties: {
              question: text,
              header: text,
              multiple: { type: "boolean" },
              options: {
                type: "array",
                items: {
                  type: "object",
                  additionalProperties: false,
                  required: ["label", "description"],
                  properties: { label: text, description: text },
                },
              },
            },
          },
        },
      },
    },
    answer: { description: "As given; null while it is open." },
  },
} as const

export const requestPage = pageOf(agentRequest, "What the agent waits for, and what it asked before.")

export const requestAnswer = {
  title: "RequestAnswer",
  description: "`reply` for a permission, `answers` or `rejected` for a question.",
  type: "object",
  additionalProperties: false,
  minProperties: 1,
  properties: {
    reply: { type: "string", enum: ["once", "always", "reject"], description: "Of a permission." },
    message: { type: "string", maxLength: 10_000, description: "Words for the agent, with `reject`." },
    answers: {
      type: "array",
      maxItems: 50,
      items: { type: "array", maxItems: 50, items: { type: "string", maxLength: 10_000 } },
      description: "Chosen labels or own words, a list for each question.",
    },
    rejected: { type: "boolean", const: true, description: "The question is not answered." },
  },
} as const

/** How many transcripts one stream may follow. */
const FOLLOWED_MAX = 32
const PLACE = "[A-Za-z0-9_-]{1,64}:\\d{1,15}"

export const followQuery = {
  description: "Which transcripts to follow beside the list of sessions.",
  type: "object",
  additionalProperties: false,
  properties: {
    sessions: {
      type: "string",
      maxLength: FOLLOWED_MAX * 81,
      pattern: `^${PLACE}(,${PLACE}){0,${FOLLOWED_MAX - 1}}$`,
      description:
        "Up to 32 times the id of a session, a colon and the number of the last event that the caller has of it, separated by commas.",
    },
  },
} as const

export const eventQuery = {
  description: "Where to go on.",
  type: "object",
  additionalProperties: false,
  properties: {
    after: {
      type: "integer",
      ...countLimits,
      description: "Number of the last event that the caller has; `Last-Event-ID` wins.",
    },
  },
} as const

export const artifactPage = {
  title: "ArtifactPage",
  description: "What is kept of a session in the object store; empty when nothing is.",
  type: "object",
  additionalProperties: false,
  required: ["items", "nextCursor", "state", "trouble"],
  properties: {
    items: {
      type: "array",
      description: "The kept files.",
      items: {
        title: "Artifact",
        description: "A kept file.",
        type: "object",
        additionalProperties: false,
        required: ["name", "bytes", "at"],
        properties: {
          name: {
            type: "string",
            enum: ["manifest.json", "transcript.ndjson", "workspace.patch"],
            description: "What it holds.",
          },
          bytes: { type: "integer", description: "Its size." },
          at: { type: "integer", description: "When it was taken, milliseconds since the epoch." },
        },
      },
    },
    nextCursor: { type: "null", description: "There is always one page." },
    state: {
      type: "string",
      enum: ["waiting", "written"],
      description: "waiting: readable, but not in the bucket yet.",
    },
    trouble: { type: ["string", "null"], description: "Why the last attempt to write failed." },
  },
} as const
