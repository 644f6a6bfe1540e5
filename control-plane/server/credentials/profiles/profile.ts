/** How a session gets its credentials, as an operator writes it under `credentials.profiles.<name>`. */
export interface Profile {
  readonly name: string
  readonly resolvers: ReadonlyMap<string, ProfileResolver>
  /** Environment of the agent and of the helpers; the agent sees it. */
  readonly env: Readonly<Record<string, string>>
  /** Files of `roleEnvFiles` that its sessions get, over those of the owner's role. */
  readonly environmentFiles: readonly string[]
  readonly binding: Binding
  /** Kinds of binding that a session may have instead. */
  readonly allowedBindings: readonly BindingType[]
}

/** A helper that prints a short-lived token. */
export interface ProfileResolver {
  /** The program, found in the operator's directory, and its arguments. */
  readonly command: readonly string[]
  readonly ttl_ms: number
  /** Model providers that its token may be sent to. Null: the one of the profile's own binding, if that is to this resolver. */
  readonly providers: readonly string[] | null
}

/** Where a token goes. Only `bearer_env` shows it to the agent. */
export type Binding =
  | { readonly type: "model_provider"; readonly resolver: string; readonly provider: string }
  | { readonly type: "claude_api_key_helper"; readonly resolver: string; readonly provider: string }
  | { readonly type: "bearer_env"; readonly resolver: string; readonly variable: string }

export type BindingType = Binding["type"]

export const BINDING_TYPES = ["bearer_env", "claude_api_key_helper", "model_provider"] as const satisfies BindingType[]

/** A binding as people write it, in values and in requests. */
export interface BindingInput {
  readonly type: BindingType
  readonly runtime_auth_resolver?: string
  readonly env_name?: string
  readonly provider?: string
}
