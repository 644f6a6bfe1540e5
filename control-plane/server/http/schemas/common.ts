/** Schemas with a `title` become components of the OpenAPI document. */
export const time = { type: "integer", description: "Milliseconds since the epoch." } as const

/** Limits of a time in a request: 1970, and the last one that a date of JavaScript can have. */
export const timeLimits = { minimum: 0, maximum: 8_640_000_000_000_000 } as const
/** Limits of a number that counts up from 0 and is exact. */
export const countLimits = { minimum: 0, maximum: Number.MAX_SAFE_INTEGER } as const

/** How people are called: something visible on one line, and nothing that turns the direction of what stands beside it. */
export const displayName = {
  type: "string",
  minLength: 1,
  maxLength: 200,
  pattern: "^(?=.*\\S)[^\\p{Cc}\\u2028-\\u202e\\u2066-\\u2069]*$",
  description: "For people; one line.",
} as const

/** A page of `items`; `nextCursor` asks for the next one and is null on the last. */
export function pageOf<const Item extends object>(item: Item, description: string) {
  return {
    type: "object",
    description,
    additionalProperties: false,
    required: ["items", "nextCursor"],
    properties: {
      items: { type: "array", items: item },
      nextCursor: { type: ["string", "null"], description: "Ask for the next page with this; null on the last page." },
    },
  } as const
}

export const errorBody = {
  title: "Error",
  description: "What every refused or failed request is answered with.",
  type: "object",
  additionalProperties: false,
  required: ["error"],
  properties: {
    error: {
      type: "object",
      additionalProperties: false,
      required: ["code", "message", "requestId"],
      properties: {
        code: { type: "string", description: "Stable; for programs." },
        message: { type: "string", description: "For the person who made the request." },
        requestId: { type: "string", description: "The same as in the header X-Request-Id and in the server's log." },
        details: { type: "object", additionalProperties: true, description: "Facts that a program can use." },
      },
    },
  },
} as const
