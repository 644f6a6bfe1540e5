import type { Audit, AuditLog } from "../../audit/index.ts"
import type { Credentials } from "../../credentials/index.ts"
import type { Database } from "../../database/index.ts"
import type { Identity } from "../../identity/index.ts"
import type { Health } from "../../observability/index.ts"
import type { Sessions } from "../../sessions/service-types.ts"
import type { UserSettings } from "../../settings/index.ts"
import type { Clock } from "../../time/index.ts"
import type { UsageReport } from "../../usage/index.ts"
import * as account from "../schemas/account.ts"
import * as admin from "../schemas/admin.ts"
import * as credential from "../schemas/credentials.ts"
import * as event from "../schemas/events.ts"
import * as session from "../schemas/session.ts"
import * as system from "../schemas/system.ts"
import * as transcript from "../schemas/transcript.ts"
import type { UpgradeRoute } from "../upgrade.ts"
import { accountHandlers } from "./account.ts"
import { adminHandlers } from "./admin.ts"
import { credentialHandlers } from "./credentials.ts"
import { providerHandlers } from "./provider.ts"
import { type Route, route } from "./route.ts"
import { sessionHandlers } from "./sessions.ts"
import { streamHandlers, weightOf } from "./stream.ts"
import { systemHandlers } from "./system.ts"

export type { Route } from "./route.ts"

export interface RouteParts {
  readonly identity: Identity
  readonly sessions: Sessions
  readonly database: Database
  readonly audit: Audit
  readonly auditLog: AuditLog
  readonly usage: UsageReport
  readonly credentials: Credentials
  readonly clock: Clock
  /** Settings of somebody who has none of his own. */
  readonly defaults: UserSettings
  readonly health: Health
  /** Where the UI is; ends with a slash. */
  readonly prefix: string
  readonly openapi: () => object
}

/** Every route there is: who may call it, what goes in and out, and what answers. */
export function createRoutes(parts: RouteParts): readonly Route[] {
  return [
    ...systemRoutes(parts),
    ...accountRoutes(parts),
    ...administrationRoutes(parts),
    ...credentialRoutes(parts),
    ...sessionRoutes(parts),
  ]
}

/** About this replica. */
function systemRoutes(parts: RouteParts): Route[] {
  const sys = systemHandlers(parts)
  // biome-ignore format: a table is read by its columns
  return [
    route("GET", "/api/health",       "anyone", "Whether the process is alive",   { answer: system.health },    sys.health),
    route("GET", "/api/ready",        "anyone", "Whether this replica can serve", { answer: system.readiness }, sys.ready),
    route("GET", "/api/openapi.json", "anyone", "This document",                  { answer: system.openapi },   sys.openapi),
  ]
}

/** Signing in, and what everybody has of his own. */
function accountRoutes(parts: RouteParts): Route[] {
  const acc = accountHandlers(parts)
  const pro = providerHandlers(parts)
  // biome-ignore format: a table is read by its columns
  return [
    route("GET",    "/api/auth/methods",              "anyone",        "Ways to sign in",                      { answer: account.authMethods },                                      acc.methods),
    route("POST",   "/api/auth/password",             "anyone",        "Sign in with a password",              { body: account.passwordSignIn },                                     acc.signIn),
    route("POST",   "/api/auth/logout",               "own-sign-in",   "Sign out",                             { answer: account.signedOut },                                        acc.signOut),
    route("GET",    "/api/auth/login/:providerId",    "anyone",        "Leave for the identity provider",      { query: account.leaveQuery, redirect: true },                        pro.leave),
    route("GET",    "/api/auth/callback/:providerId", "anyone",        "Come back from the identity provider", { query: account.comeBackQuery, redirect: true },                     pro.comeBack),
    route("GET",    "/api/me",                        "profile:read",  "Who one is",                           { answer: account.me },                                               acc.me),
    route("PATCH",  "/api/me",                        "profile:write", "Change one's name",                    { body: account.updateMe, answer: account.me },                       acc.rename),
    route("POST",   "/api/me/password",               "own-sign-in",   "Change one's password",                { body: account.changePassword, answer: account.revoked },            acc.changePassword),
    route("GET",    "/api/me/logins",                 "account",       "One's signed-in browsers",             { answer: account.loginPage },                                        acc.logins),
    route("DELETE", "/api/me/logins",                 "account",       "Sign out all other browsers",          { answer: account.revoked },                                          acc.revokeOtherLogins),
    route("DELETE", "/api/me/logins/:id",             "account",       "Sign out one browser",                 {},                                                                   acc.revokeLogin),
    route("GET",    "/api/me/settings",               "profile:read",  "One's preferences",                    { answer: account.settings },                                         acc.settings),
    route("PUT",    "/api/me/settings",               "profile:write", "Change one's preferences",             { body: account.settings, answer: account.settings },                 acc.saveSettings),
    route("GET",    "/api/tokens",                    "account",       "One's API tokens",                     { answer: account.tokenPage },                                        acc.tokens),
    route("POST",   "/api/tokens",                    "account",       "Make an API token",                    { body: account.createToken, answer: account.newToken, status: 201 }, acc.createToken),
    route("DELETE", "/api/tokens/:id",                "account",       "Delete an API token",                  {},                                                                   acc.deleteToken),
  ]
}

/** People, the record of who did what, and what was used. */
function administrationRoutes(parts: RouteParts): Route[] {
  const adm = adminHandlers(parts)
  // biome-ignore format: a table is read by its columns
  return [
    route("GET",   "/api/users",              "users:admin",     "Find users",                                    { query: admin.userQuery, answer: admin.userPage },                       adm.users),
    route("POST",  "/api/users",              "users:admin",     "Make an account with a password",               { body: admin.createUser, answer: admin.newUser, status: 201 },           adm.createUser),
    route("POST",  "/api/users/:id/password", "users:passwords", "Set a user's password",                       { body: admin.setPassword, answer: admin.passwordSet },                   adm.setPassword),
    route("PATCH", "/api/users/:id",          "users:admin",     "Change a user's role or name, or disable them", { body: admin.updateUser, answer: admin.user },                           adm.updateUser),
    route("GET",   "/api/audit",              "audit:read",      "Read the record of who did what",               { query: admin.auditQuery, answer: admin.auditPage },                     adm.audit),
    route("GET",   "/api/audit/seal",         "audit:read",      "How far the record is sealed",                  { answer: admin.auditSeal },                                              adm.auditSeal),
    route("GET",   "/api/audit/export",       "audit:read",      "Take the record away, an event a line",         { query: admin.auditExportQuery, answer: admin.auditEvent, lines: true }, adm.exportAudit),
    route("GET",   "/api/usage",              "audit:read",      "What users' sessions asked of model providers", { query: admin.usageQuery, answer: admin.usagePage },                     adm.usage),
  ]
}

/** Model providers, profiles and accounts at git hosts. */
function credentialRoutes(parts: RouteParts): Route[] {
  const cre = credentialHandlers(parts)
  // biome-ignore format: a table is read by its columns
  return [
    route("GET",    "/api/providers",                          "providers:admin",  "List the model providers",                 { answer: credential.providerPage },                            cre.providers),
    route("GET",    "/api/providers/:id",                      "providers:admin",  "Read a model provider",                    { answer: credential.provider },                                cre.provider),
    route("PUT",    "/api/providers/:id",                      "providers:admin",  "Make or replace a model provider",         { body: credential.providerJson, answer: credential.provider }, cre.saveProvider),
    route("DELETE", "/api/providers/:id",                      "providers:admin",  "Delete a stored model provider",           {},                                                             cre.deleteProvider),
    route("POST",   "/api/providers/:id/test",                 "providers:admin",  "Ask a provider whether its key works",     { answer: credential.providerTest },                            cre.testProvider),
    route("POST",   "/api/admin/rotate-encryption",            "encryption:admin", "Seal what is stored under the newest key", { answer: credential.rotation },                                cre.rotate),
    route("GET",    "/api/profiles",                           "sessions:read",    "Profiles that a session can be made with", { answer: credential.profilePage },                             cre.profiles),
    route("GET",    "/api/linked-accounts",                    "account",          "One's accounts at git hosts",              { answer: credential.linkedAccounts },                          cre.accounts),
    route("POST",   "/api/linked-accounts/:provider",          "account",          "Begin to link an account",                 { answer: credential.linkStart },                               cre.beginLink),
    route("GET",    "/api/linked-accounts/:provider/callback", "account",          "Come back from the git host",              { query: credential.linkAnswer, redirect: true },               cre.completeLink),
    route("POST",   "/api/linked-accounts/:provider/webhook",  "anyone",           "What the git host tells by itself",        { signed: true },                                               cre.hostTells),
    route("DELETE", "/api/linked-accounts/:id",                "account",          "Unlink an account",                        {},                                                             cre.unlink),
  ]
}

/** Sessions: their life, their conversation, what is kept of them. */
function sessionRoutes(parts: RouteParts): Route[] {
  const ses = sessionHandlers(parts.sessions)
  const str = streamHandlers(parts.sessions)
  // biome-ignore format: a table is read by its columns
  return [
    route("POST",   "/api/sessions",                         "sessions:write", "Make a session",                         { body: session.createSession, answer: session.session, status: 201, idempotent: true }, ses.create),
    route("GET",    "/api/sessions",                         "sessions:read",  "Find sessions",                          { query: session.sessionQuery, answer: session.sessionPage },                            ses.list),
    route("GET",    "/api/sessions/:id",                     "sessions:read",  "Read a session",                         { answer: session.session },                                                             ses.get),
    route("PATCH",  "/api/sessions/:id",                     "sessions:write", "Change title, visibility or tags",       { body: session.updateSession, answer: session.session },                                ses.update),
    route("DELETE", "/api/sessions/:id",                     "sessions:write", "Delete a session and all that is of it", {},                                                                                      ses.delete),
    route("POST",   "/api/sessions/:id/start",               "sessions:write", "Start a stopped or failed session",      { answer: session.session },                                                             ses.start),
    route("POST",   "/api/sessions/:id/stop",                "sessions:write", "Stop a session, keeping its workspace",  { answer: session.session },                                                             ses.stop),
    route("POST",   "/api/sessions/:id/volume",              "sessions:write", "Make a session's volume larger",         { body: session.enlargeVolume, answer: session.session },                                ses.enlarge),
    route("GET",    "/api/sessions/:id/messages",            "sessions:read",  "Read the conversation",                  { query: transcript.messageQuery, answer: transcript.messagePage },                      ses.messages),
    route("POST",   "/api/sessions/:id/messages",            "sessions:write", "Say something to the agent",             { body: transcript.prompt, answer: transcript.message, status: 202 },                    ses.prompt),
    route("POST",   "/api/sessions/:id/abort",               "sessions:write", "Stop the agent's current turn",          {},                                                                                      ses.abort),
    route("GET",    "/api/sessions/:id/events",              "sessions:read",  "Follow the conversation",                { query: transcript.eventQuery, answer: event.sessionEvent, stream: true },              ses.events),
    route("GET",    "/api/sessions/:id/requests",            "sessions:read",  "What the agent waits for",               { answer: transcript.requestPage },                                                      ses.requests),
    route("POST",   "/api/sessions/:id/requests/:requestId", "sessions:write", "Answer what the agent asked",            { body: transcript.requestAnswer },                                                      ses.answer),
    route("GET",    "/api/sessions/:id/artifacts",           "sessions:read",  "What is kept of a session",              { answer: transcript.artifactPage },                                                     ses.artifacts),
    route("GET",    "/api/sessions/:id/artifacts/:name",     "sessions:read",  "Download something that is kept",        { file: true },                                                                          ses.artifact),
    route("GET",    "/api/events",                           "sessions:read",  "Follow all sessions that one may see",   { query: transcript.eventQuery, answer: event.listEvent, stream: true },                 ses.allEvents),
    route("GET",    "/api/stream",                           "sessions:read",  "Follow the list and several conversations", { query: transcript.followQuery, answer: event.followedEvent, stream: true, weight: weightOf }, str.follow),
  ]
}

/** Every WebSocket there is. A row `WS <path>` of the permission table says who may open it. */
export function createUpgrades(): readonly UpgradeRoute[] {
  return []
}

/** The table without anything behind it: for what is derived from it. */
export function describeRoutes(): readonly Route[] {
  return createRoutes({} as RouteParts)
}
