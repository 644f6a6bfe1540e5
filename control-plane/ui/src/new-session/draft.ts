import type { CreateSession, Visibility } from "../api/types.ts"
import { isBindingType } from "./options.ts"
import { environmentOf, namesOnly, type Variable, variablesFault } from "./variables.ts"

/** What has been filled in for a session that does not exist yet. */
export interface Draft {
  readonly prompt: string
  readonly title: string
  readonly url: string
  readonly ref: string
  /** Commits of history to clone; empty: all. */
  readonly depth: string
  readonly submodules: boolean
  /** Null: the user's default. */
  readonly visibility: Visibility | null
  /** Empty: the installation's default. */
  readonly profile: string
  /** Empty: the profile's. */
  readonly binding: string
  readonly resolver: string
  /** Variable or model provider of a binding of one's own. */
  readonly target: string
  /** In the order in which they count. */
  readonly environmentFiles: readonly string[]
  readonly variables: readonly Variable[]
}

export const EMPTY_DRAFT: Draft = {
  prompt: "",
  title: "",
  url: "",
  ref: "",
  depth: "",
  submodules: false,
  visibility: null,
  profile: "",
  binding: "",
  resolver: "",
  target: "",
  environmentFiles: [],
  variables: [],
}

/** A draft as it was kept; anything unknown in it is left out. */
export function readDraft(kept: unknown): Draft {
  if (typeof kept !== "object" || kept === null) return EMPTY_DRAFT
  const { visibility, submodules, environmentFiles, variables, ...texts } = kept as Record<string, unknown>
  const text = (name: keyof Draft) => (typeof texts[name] === "string" ? texts[name] : "")
  const names = Array.isArray(variables) ? variables.map((one) => (one as Partial<Variable> | null)?.name) : []
  return {
    prompt: text("prompt"),
    title: text("title"),
    url: text("url"),
    ref: text("ref"),
    depth: text("depth"),
    submodules: submodules === true,
    visibility: visibility === "private" || visibility === "public" ? visibility : null,
    profile: text("profile"),
    binding: text("binding"),
    resolver: text("resolver"),
    target: text("target"),
    environmentFiles: Array.isArray(environmentFiles) ? environmentFiles.filter((one) => typeof one === "string") : [],
    variables: names.filter((name) => typeof name === "string").map((name) => ({ name, value: null })),
  }
}

/** The draft as it may be kept in the browser: without the values of variables, which may be secret. */
export function keptDraft(draft: Draft): Draft {
  return { ...draft, variables: namesOnly(draft.variables) }
}

/** The request that makes the session; what was left empty is left out. */
export function requestOf(draft: Draft, defaultVisibility: Visibility): CreateSession {
  const [prompt, title] = [draft.prompt, draft.title].map((text) => text.trim())
  const environment = environmentOf(draft.variables)
  return {
    private: (draft.visibility ?? defaultVisibility) === "private",
    ...(title ? { title } : {}),
    ...(prompt ? { initialUserPrompt: prompt } : {}),
    ...repositoryOf(draft),
    ...(draft.profile ? { profile: draft.profile } : {}),
    ...bindingOf(draft),
    ...(draft.environmentFiles.length > 0 ? { environmentFiles: draft.environmentFiles } : {}),
    ...(Object.keys(environment).length > 0 ? { environment } : {}),
  }
}

function repositoryOf({ url, ref, depth, submodules }: Draft): Pick<CreateSession, "repository"> {
  if (url.trim() === "") return {}
  return {
    repository: {
      url: url.trim(),
      ...(ref.trim() ? { ref: ref.trim() } : {}),
      ...(depth.trim() ? { depth: Number(depth) } : {}),
      ...(submodules ? { submodules } : {}),
    },
  }
}

function bindingOf({ binding, resolver, target }: Draft): Pick<CreateSession, "binding"> {
  if (!isBindingType(binding)) return {}
  const named = target.trim()
  const bound = binding === "bearer_env" ? { env_name: named } : named === "" ? {} : { provider: named }
  return { binding: { type: binding, ...(resolver ? { runtime_auth_resolver: resolver } : {}), ...bound } }
}

/** What keeps it from being sent, in words, or null. */
export function faultOf(draft: Draft): { field: keyof Draft; message: string } | null {
  const url = draft.url.trim()
  if (draft.prompt.trim() === "" && url === "") {
    return { field: "prompt", message: "Say what the agent should do, or name a repository." }
  }
  if (url !== "" && !/^(https?:\/\/|ssh:\/\/|git@|[\w.-]+@[\w.-]+:)\S+$/.test(url)) {
    return { field: "url", message: "Give the address as for git clone: https://… or git@host:path." }
  }
  if (/^[a-z]+:\/\/[^/]*:[^/]*@/i.test(url)) {
    return { field: "url", message: "Leave passwords and tokens out of the address: they would be visible." }
  }
  if (draft.ref.trim() !== "" && url === "") return { field: "url", message: "A branch needs a repository." }
  if (draft.depth.trim() !== "" && !/^[1-9]\d{0,5}$/.test(draft.depth.trim())) {
    return { field: "depth", message: "Give a number of commits, or leave it empty for all of the history." }
  }
  if (draft.binding === "bearer_env" && draft.target.trim() === "") {
    return { field: "target", message: "Name the variable that the token goes into." }
  }
  const variables = variablesFault(draft.variables)
  return variables === null ? null : { field: "variables", message: variables }
}

export interface Attempt {
  readonly key: string
  readonly body: string
}

/**
 * The idempotency key of an attempt: the same for the same request, so that a repeat after a lost answer does not make
 * a second session; a new one as soon as anything is changed.
 */
export function attemptFor(request: CreateSession, before: Attempt | null, newKey: () => string): Attempt {
  const body = JSON.stringify(request)
  return before?.body === body ? before : { key: newKey(), body }
}

/** What fields of the draft need. */
export interface FieldsProps {
  readonly draft: Draft
  readonly onChange: (change: Partial<Draft>) => void
  /** Name of the field that is wrong. */
  readonly faulty: string
}
