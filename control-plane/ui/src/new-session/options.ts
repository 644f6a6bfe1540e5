import { useQuery } from "@tanstack/react-query"
import type { ProfileView } from "../../../server/credentials/profiles/profiles.ts"
import type { CreateSession } from "../api/types.ts"
import { useApi } from "../app/services.ts"

export type BindingType = NonNullable<CreateSession["binding"]>["type"]

/** A set of credentials that a session can be made with: names only, never a value. */
export type ProfileOption = ProfileView

/** What there is to choose from for a session. */
export interface SessionOptions {
  readonly items: readonly ProfileOption[]
  readonly environmentFiles: readonly string[]
  /** Whether any model provider is configured. */
  readonly hasProviders: boolean
}

/** What the operator offers for new sessions. */
export function useSessionOptions() {
  const api = useApi()
  return useQuery({
    queryKey: ["session-options"],
    queryFn: ({ signal }) => api.request<SessionOptions>("profiles", { signal }),
    staleTime: 60_000,
  })
}

/** The profile that a session would get: the one chosen, or the default for an empty choice. */
export function profileOf(options: SessionOptions | undefined, chosen: string): ProfileOption | undefined {
  return options?.items.find((profile) => (chosen === "" ? profile.isDefault : profile.name === chosen))
}

const BINDINGS: Readonly<Record<BindingType, string>> = {
  model_provider: "To a model provider, outside of the agent",
  claude_api_key_helper: "By Claude’s API key helper",
  bearer_env: "In a variable that the agent can read",
}

/** How a token reaches the work, in words. */
export function bindingName(type: string): string {
  return isBindingType(type) ? BINDINGS[type] : type
}

/** True for a kind of binding that this UI knows. */
export function isBindingType(type: string): type is BindingType {
  return Object.hasOwn(BINDINGS, type)
}
