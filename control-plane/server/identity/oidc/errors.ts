import { AuthorizationResponseError, ClientError, ResponseBodyError } from "openid-client"
import { AppError, isAppError } from "../../errors/index.ts"

/** Whatever went wrong on the way back from the provider, in words for the person; the details are for the log. */
export function toSignInError(error: unknown): AppError {
  if (isAppError(error)) return error
  const because = (code: "unauthenticated" | "unavailable", message: string) =>
    new AppError(code, message, { cause: error })
  if (error instanceof AuthorizationResponseError) {
    return error.error === "access_denied"
      ? because("unauthenticated", "The identity provider did not let you in, or you went back.")
      : because(
          "unauthenticated",
          "The identity provider refused the sign-in. Tell an administrator if it happens again.",
        )
  }
  if (error instanceof ResponseBodyError) {
    return because("unauthenticated", "The identity provider did not accept this sign-in. Try again.")
  }
  const code = error instanceof ClientError ? error.code : undefined
  if (code === "OAUTH_TIMEOUT" || isUnreachable(error)) {
    return because("unavailable", "The identity provider cannot be reached at the moment. Try again shortly.")
  }
  return because(
    "unauthenticated",
    "The identity provider's answer could not be trusted. Try again, and tell an administrator if it happens again.",
  )
}

/** fetch fails with a TypeError whose cause is the system's error. */
function isUnreachable(error: unknown): boolean {
  for (let one = error; one instanceof Error; one = one.cause) {
    if (one instanceof TypeError && one.message === "fetch failed") return true
  }
  return false
}
