import { newId } from "../../control-plane/ui/src/api/ids.ts"
import type { Message, SessionView } from "../../control-plane/ui/src/api/types.ts"
import { SCRIPT } from "./script.ts"
import type { Store } from "./store.ts"

export const ADA = {
  id: "usr_ada",
  name: "Ada Lindqvist",
  email: "ada@example.com",
  role: "admin",
  method: "password",
} as const
const BO = { id: "usr_bo", name: "Bo Okafor", email: "bo@example.com" }
const OWNER = { id: ADA.id, name: ADA.name, email: ADA.email }

const ROWS: readonly (readonly [title: string, patch: Partial<SessionView>])[] = [
  ["Release a berth only once when a boat leaves early", { activity: "busy", visibility: "public" }],
  ["Ask before changing the tide tables", { activity: "waiting" }],
  ["Upgrade the build to Node 24", { repository: { url: "git@github.com:harbour/pilot.git", ref: "release/2.4" } }],
  ["Why does the mooring report take 40 s?", { status: "stopped", desired: "stopped" }],
  [
    "Clone of a repository that is not there",
    {
      status: "failed",
      reason: {
        code: "clone_refused",
        message: "The repository could not be cloned.",
        hint: "Check its address, and that you may read it.",
      },
    },
  ],
  [
    "Explain the lock gate state machine to me in so many words that the title does not fit on any line of this list",
    { owner: BO, visibility: "public", may: { write: false, manage: false, readFiles: false } },
  ],
  ["Draft the changelog for 2.4", { repository: null, lastMessage: null, status: "starting" }],
]

/** A first look: one session of every kind, one of them with 1,200 messages. */
export function seed(store: Store, now: number, few = false): void {
  for (const [index, [title, patch]] of ROWS.entries()) {
    if (few) break
    const session = makeSession(title, now - index * 5_400_000, patch)
    store.add(session, index === 6 ? [] : conversation(now - index * 5_400_000, index === 3 ? 600 : 1))
  }
}

/** A running session of Ada's, with what `patch` says otherwise. */
export function makeSession(title: string, at: number, patch: Partial<SessionView> = {}): SessionView {
  return {
    id: newId("ses"),
    title,
    owner: OWNER,
    visibility: "private",
    desired: "running",
    status: "running",
    activity: "idle",
    reason: null,
    steps: [
      { name: "scheduled", state: "done", startedAt: at, endedAt: at + 120, detail: null },
      { name: "image", state: "done", startedAt: at + 120, endedAt: at + 400, detail: null },
      { name: "workspace", state: "done", startedAt: at + 400, endedAt: at + 1900, detail: null },
      { name: "agent", state: "done", startedAt: at + 1900, endedAt: at + 4200, detail: null },
    ],
    repository: { url: "https://git.example.com/harbour/berths.git", ref: null },
    profile: null,
    tags: {},
    lastMessage: {
      role: "assistant",
      text: "The berth was released twice when a boat left before its reservation ended.",
      at,
    },
    helpers: { settingsPresent: true, names: ["fetch-bedrock-token", "fetch-vertex-token"] },
    createdAt: at - 60_000,
    updatedAt: at,
    may: { write: true, manage: true, readFiles: true },
    ...patch,
  }
}

function conversation(at: number, turns: number): readonly Message[] {
  const messages: Message[] = []
  for (let n = 0; n < turns; n += 1) {
    const begin = at - 60_000 * (turns - n)
    const common = { agentSessionId: null, createdAt: begin } as const
    messages.push({
      ...common,
      id: newId("msg"),
      role: "user",
      authorId: ADA.id,
      delivery: "sent",
      completedAt: null,
      body: {},
      parts: [
        {
          id: "p1",
          type: "text",
          body: {
            text: `Boats that leave early are released twice${turns > 1 ? ` (turn ${n + 1})` : ""}. Find out why, fix it, and run the tests.`,
          },
        },
      ],
    })
    messages.push({
      ...common,
      id: newId("msg"),
      role: "assistant",
      authorId: null,
      delivery: null,
      completedAt: begin + 23_400,
      body: {
        model: { provider: "demo", id: "demo-1" },
        cost: 0.0134,
        tokens: { input: 8120, output: 412, reasoning: 96, cacheRead: 5200, cacheWrite: 0 },
        finish: "stop",
      },
      parts: [
        { id: "p1", type: "reasoning", body: { text: SCRIPT.thought, startedAt: begin, endedAt: begin + 3200 } },
        { id: "p2", type: "tool", body: { tool: SCRIPT.todo, startedAt: begin, endedAt: begin + 20 } },
        { id: "p3", type: "tool", body: { tool: SCRIPT.read, startedAt: begin, endedAt: begin + 40 } },
        {
          id: "p4",
          type: "tool",
          body: {
            tool: { ...SCRIPT.tests, status: "error", exitCode: 1, error: "Command failed" },
            startedAt: begin,
            endedAt: begin + 4100,
          },
        },
        { id: "p5", type: "tool", body: { tool: SCRIPT.edit, startedAt: begin, endedAt: begin + 90 } },
        { id: "p6", type: "tool", body: { tool: SCRIPT.tests, startedAt: begin, endedAt: begin + 3900 } },
        { id: "p7", type: "text", body: { text: SCRIPT.answer } },
      ],
    })
  }
  return messages
}
