import type { ArtifactKeeper, Artifacts } from "../../artifacts/index.ts"
import { translateDatabaseError } from "../../database/index.ts"
import type { Database } from "../../database/types.ts"
import type { Principal } from "../../identity/types.ts"
import { requireAccess } from "../permissions.ts"
import { findSession } from "../store/sessions.ts"

/**
 * What is kept of a session, for those who may read its transcript. Of one that is deleted: who could at its end.
 * Null when nothing is. @throws AppError `not_found`, `forbidden`
 */
export async function keptOf(
  parts: { readonly database: Database; readonly artifacts?: Pick<ArtifactKeeper, "find"> | undefined },
  principal: Principal,
  id: string,
): Promise<Artifacts | null> {
  try {
    const session = await findSession(parts.database, id)
    const kept = (await parts.artifacts?.find(id)) ?? null
    requireAccess(session ?? kept, principal, "read")
    return kept
  } catch (error) {
    throw translateDatabaseError(error)
  }
}
