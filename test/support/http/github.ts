import { createHash, randomBytes } from "node:crypto"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { newId } from "../../../control-plane/server/crypto/index.ts"
import type { Database } from "../../../control-plane/server/database/index.ts"
import { APP } from "../accounts/github-grants.ts"
import { testConfig } from "./config.ts"

const MONTH_MS = 30 * 24 * 3_600_000

/** The configuration of an installation with a GitHub App, whose secrets are files in `directory`. */
export function githubConfig(directory: string, baseUrl: string, env: Record<string, string> = {}) {
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, "clientSecret"), `${APP.clientSecret}\n`)
  writeFileSync(join(directory, "privateKey"), APP.privateKey)
  writeFileSync(join(directory, "webhookSecret"), APP.webhookSecret)
  return testConfig(
    {},
    {
      GITHUB_APP_ID: APP.id,
      GITHUB_APP_SLUG: APP.slug,
      GITHUB_APP_CLIENT_ID: APP.clientId,
      GITHUB_BASE_URL: baseUrl,
      BERTH_GITHUB_APP_DIR: directory,
      ...env,
    },
  )
}

/** A new member, signed in with a browser. */
export async function addMember(database: Database): Promise<{ userId: string; cookie: string }> {
  const userId = newId("usr")
  const token = randomBytes(32).toString("base64url")
  const email = `${userId}@example.com`
  await database("users").insert({ id: userId, issuer: "test", subject: userId, email, name: "Ada", role: "member" })
  const later = new Date(Date.now() + MONTH_MS)
  const login = { id: newId("lgn"), user_id: userId, method: "password", idle_expires_at: later, expires_at: later }
  await database("logins").insert({ ...login, token_hash: createHash("sha256").update(token).digest() })
  return { userId, cookie: `berth-local=${token}` }
}
