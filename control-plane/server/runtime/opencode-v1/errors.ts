import { amount, fields, text } from "./clean.ts"
import { LIMITS } from "./limits.ts"

export interface Explained {
  readonly code: string
  readonly message: string
}

// A provider that quotes the key it refused must not put it into a transcript that others read.
const KEY_LIKE = /\b(?:Bearer\s+\S+|(?:sk|pk|key|ghp|gho|ghs|xox[abp])[-_][A-Za-z0-9_-]{8,})/gi

const BY_NAME: Readonly<Record<string, Explained>> = {
  MessageAbortedError: { code: "aborted", message: "Stopped." },
  MessageOutputLengthError: {
    code: "output_limit",
    message: "The answer reached the model's output limit. Ask it to continue.",
  },
  ContextOverflowError: {
    code: "context_overflow",
    message: "The conversation no longer fits the model's context. Start a new session or choose a larger model.",
  },
  ContentFilterError: { code: "content_filtered", message: "The model provider's content filter stopped the answer." },
  StructuredOutputError: { code: "model_failed", message: "The model did not answer in the form that was asked for." },
}

/**
 * What an error of the agent means to a person: OpenCode's `{name, data: {message, statusCode?}}` of a message or a
 * `session.error`. The provider's own words are kept, shortened and with anything that looks like a key removed.
 */
export function explainError(raw: unknown): Explained {
  const error = fields(raw)
  const data = fields(error.data)
  const name = text(error.name, 100) ?? "UnknownError"
  // Some messages go on with OpenCode's own stack. Without `\n` in the class: it would look from each line end to the last.
  const [first = ""] = (text(data.message, LIMITS.message_chars_max) ?? "").split(/\n[\t ]+at /)
  const words = first.replace(KEY_LIKE, "[removed]").trim()
  const known = BY_NAME[name]
  if (known !== undefined && Object.hasOwn(BY_NAME, name)) return known
  const status = amount(data.statusCode, 999)
  if (name === "ProviderAuthError" || status === 401 || status === 403) {
    return explained("provider_refused", "The model provider refused the key", status, words)
  }
  if (name === "APIError") return explainStatus(status, words)
  if (/model not found|ModelNotFound/i.test(words)) {
    return { code: "unknown_model", message: `The configured model does not exist: ${words}` }
  }
  if (/failed to initialize provider/i.test(words)) {
    return { code: "provider_unavailable", message: `The model provider could not be set up: ${words}` }
  }
  // SQLite's and the system's words, and those of OpenCode when it cannot write its database.
  if (/disk is full|no space left|ENOSPC|EDQUOT|failed to execute statement/i.test(words)) {
    return {
      code: "disk_full",
      message: `The agent could not write to the session's volume, which is probably full (${words}).`,
    }
  }
  return { code: "agent_failed", message: words === "" ? "The agent failed without saying why." : words }
}

function explainStatus(status: number | undefined, words: string): Explained {
  if (status === undefined)
    return explained("provider_unreachable", "The model provider cannot be reached", status, words)
  if (status === 402) return explained("provider_quota", "The model provider's quota is used up", status, words)
  if (status === 404) return explained("unknown_model", "The model provider does not know this model", status, words)
  if (status === 429) return explained("rate_limited", "The model provider limits the rate of requests", status, words)
  if (status >= 500) return explained("provider_unavailable", "The model provider failed", status, words)
  return explained("provider_error", "The model provider did not accept the request", status, words)
}

function explained(code: string, sentence: string, status: number | undefined, words: string): Explained {
  const facts = [status, words].filter((fact) => fact !== undefined && fact !== "").join(": ")
  return { code, message: facts === "" ? `${sentence}.` : `${sentence} (${facts}).` }
}
