import { readFileSync } from "node:fs"

export type Recording = "turn" | "sub-agent" | "abort-asking" | "provider-401" | "unknown-agent" | "question"

/** Events of one turn as the real OpenCode 1.18.33 sent them, repeated noise removed, and the id of its conversation. */
export function recording(name: Recording): { events: unknown[]; rootId: string } {
  const lines = readFileSync(new URL(`recordings/${name}.jsonl`, import.meta.url), "utf8")
    .trimEnd()
    .split("\n")
  const events = lines.map((line) => JSON.parse(line))
  const created = events.find((event) => event.type === "session.created")
  return { events, rootId: created.properties.sessionID }
}

/** What `GET /session/:id/message` answered after it. */
export function historyAfter(name: "turn" | "sub-agent"): { info: unknown; parts: unknown[] }[] {
  return JSON.parse(readFileSync(new URL(`recordings/${name}.messages.json`, import.meta.url), "utf8"))
}
