import type { AgentRequest } from "../../control-plane/ui/src/api/types.ts"

/** What the scripted agent thinks, does and says. */
export const SCRIPT = {
  aborted: { code: "aborted", message: "Stopped on request" },
  failure: {
    code: "provider_refused",
    message: "The model provider answered 401: invalid api key. Ask an administrator to check the provider’s key.",
  },
  cloneError: "fatal: repository 'https://git.example.com/missing.git/' not found",
  cloneReason: {
    code: "clone_refused",
    message: "The repository could not be cloned.",
    hint: "Check its address, and that you may read it. Then try again.",
  },
  thought:
    "The reservation is released twice when a boat leaves early. I should look at **release** first, then run the tests.",
  read: {
    name: "read",
    callId: "call_2",
    status: "completed",
    title: "src/berths/release.ts",
    input: { filePath: "/workspace/repo/src/berths/release.ts" },
    output: "00001| export function release(berth: Berth) {\n00002|   berth.free = true\n00003| }",
  },
  todo: {
    name: "todowrite",
    callId: "call_1",
    status: "completed",
    input: {
      todos: [
        { content: "Reproduce the double release with a test", status: "completed", priority: "high" },
        { content: "Guard release() against a free berth", status: "in_progress", priority: "high" },
        { content: "Run the whole test suite", status: "pending", priority: "medium" },
      ],
    },
    output: "[]",
  },
  edit: {
    name: "edit",
    callId: "call_3",
    status: "completed",
    title: "src/berths/release.ts",
    input: {
      filePath: "/workspace/repo/src/berths/release.ts",
      oldString: "export function release(berth: Berth) {\n  berth.free = true\n}",
      newString:
        "export function release(berth: Berth) {\n  if (berth.free) return\n  berth.free = true\n  notify(berth)\n}",
    },
    output: "Edit applied successfully.",
  },
  tests: {
    name: "bash",
    callId: "call_4",
    status: "completed",
    title: "Run the tests",
    exitCode: 0,
    input: { command: "npm test -- berths", description: "Run the tests" },
    output:
      "\u001b[32m✓\u001b[0m release > frees a berth once (3 ms)\n\u001b[32m✓\u001b[0m release > leaves a free berth alone (1 ms)\n\nTests  2 passed (2)\n",
  },
  answer: [
    "The berth was released **twice** when a boat left before its reservation ended: once by the departure, once by the timer.",
    "## What I changed\n\n- `release()` leaves a free berth alone.\n- The harbour master is told once, not twice.\n\n```ts\nexport function release(berth: Berth) {\n  if (berth.free) return\n  berth.free = true\n  notify(berth)\n}\n```",
    "| case | before | now |\n|---|---|---|\n| leaves early | 2 notices | 1 notice |\n| leaves on time | 1 notice | 1 notice |",
    "The tests pass. See [the guide](https://example.com/guide) for how reservations end.",
  ].join("\n\n"),
  permission: {
    permission: "bash",
    command: "rm -rf node_modules && npm ci",
    patterns: ["rm -rf node_modules", "npm ci"],
    always: ["rm *", "npm *"],
  } satisfies AgentRequest["body"],
  question: {
    questions: [
      {
        question: "Which branch should the fix go to?",
        header: "Branch",
        multiple: false,
        options: [
          { label: "main", description: "Released tonight" },
          { label: "release/2.4", description: "As a patch for the harbours that wait for it" },
        ],
      },
    ],
  } satisfies AgentRequest["body"],
} as const
