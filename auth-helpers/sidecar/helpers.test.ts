import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import type { SessionResolver } from "../../pod-protocol/index.ts"
import { createHelpers } from "./helpers.ts"
import { runHelper } from "./run-helper.ts"
import { createTokens } from "./tokens.ts"

const directory = mkdtempSync(join(tmpdir(), "berth-helpers-"))
afterAll(() => rmSync(directory, { recursive: true }))

function helper(name: string, script: string): readonly string[] {
  writeFileSync(join(directory, name), `#!/bin/sh\n${script}\n`)
  chmodSync(join(directory, name), 0o755)
  return [name]
}

const logged: string[] = []
const run = (command: readonly string[], environment = {}) =>
  runHelper(command, { directory, environment, log: (line) => logged.push(line) })

describe("a helper", () => {
  it("prints one token; its environment is the profile's, its own words go to the log", async () => {
    const command = helper("good", 'echo "for $1" >&2; echo "tok-$REGION"')
    expect(await run([...command, "me"], { REGION: "eu" })).toBe("tok-eu")
    expect(logged).toContain("good: for me")
  })

  it("finds what the operator's directory and the image have, and nothing of the pod's own environment", async () => {
    process.env["CANARY_OF_THE_SIDECAR"] = "1"
    const token = await run(helper("looks", 'echo "$PATH|$HOME|$CANARY_OF_THE_SIDECAR|$(pwd)"'), {
      PATH: "/workspace/repo",
    })
    expect(token).toBe(`${directory}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin|/tmp||/`)
  })

  it.each([
    ["fails", "exit 3", "failed with status 3"],
    [
      "calls-nothing",
      "exec no-such-program",
      "failed with status 127: it calls a program that is not in the sidecar's",
    ],
    ["is-killed", "kill -SEGV $$", "was ended by SIGSEGV"],
    ["fails-with-output", "echo tok; exit 1", "failed with status 1"],
    ["is-silent", "exit 0", "printed nothing"],
    ["prints-two", "echo one two", "not one token"],
    ["prints-lines", "echo one; echo two", "not one token"],
    ["prints-control", "printf 'a\\033[31mb'", "not one token"],
    ["prints-nul", "printf 'a\\000b'", "not one token"],
    ["floods", "yes", "printed more than"],
    ["leaves-a-flood", "setsid yes", "printed more than"],
  ])("%s is told in words", async (name, script, words) => {
    await expect(run(helper(name, script))).rejects.toThrow(
      `the auth helper ${name} ${words === "not one token" ? "" : words}`,
    )
  })

  it("that fails is told without its own words, which may hold what the agent must not know; they go to the log", async () => {
    const failed = run(helper("talks", "echo 'key sk-canary refused' >&2; exit 3"))
    await expect(failed).rejects.toThrow(
      /^the auth helper talks failed with status 3; what it said is in the log of the session's container auth$/,
    )
    expect(logged).toContain("talks: key sk-canary refused")
  })

  it("that traces itself shows its token nowhere", async () => {
    expect(await run(helper("traces", "set -x; echo sk-canary-traced; echo done >&2"))).toBe("sk-canary-traced")
    expect(logged).toContain("traces: + echo [REDACTED]\n+ echo done\ndone")
  })

  it("that does not end is not waited for, nor what it has left running outside of its group", async () => {
    // It ends when the directory is removed.
    const command = helper("hangs", 'setsid sh -c \'while [ -e "$0" ]; do sleep 0.1; done\' "$0"')
    await expect(runHelper(command, { directory, environment: {}, log: () => {}, run_ms: 300 })).rejects.toThrow(
      "the auth helper hangs did not end within 300 ms",
    )
  })

  it.each([
    ["carriage", "#!/bin/sh\r\necho tok\r\n", 0o755, "its first line ends with a carriage return"],
    ["python", "#!/usr/bin/no-python -u\n", 0o755, "the interpreter /usr/bin/no-python is not in the sidecar's image"],
    ["plain", "#!/bin/sh\necho tok\n", 0o644, "it is not executable"],
  ])("%s that cannot be run is told with what to mend", async (name, text, mode, words) => {
    writeFileSync(join(directory, name), text)
    chmodSync(join(directory, name), mode)
    await expect(run([name])).rejects.toThrow(`the auth helper ${name} cannot be run: ${words}`)
  })

  it("that is not there is told in words", async () => {
    await expect(run(["fetch-nothing"])).rejects.toThrow(`the auth helper fetch-nothing is not in ${directory}`)
  })
})

describe("a token", () => {
  const resolver: SessionResolver = {
    name: "r",
    command: ["x"],
    ttl_ms: 1_000,
    environment: {},
    provider: "p",
    variable: null,
  }

  function tokens() {
    const state = { now: 0, runs: 0, fail: false }
    const pending: (() => void)[] = []
    const subject = createTokens({
      now: () => state.now,
      run: async () => {
        state.runs++
        await new Promise<void>((resolve) => pending.push(resolve))
        if (state.fail) throw new Error("down")
        return `token-${state.runs}`
      },
    })
    const settle = async () => {
      for (const done of pending.splice(0)) done()
      // Microtasks of the run that just ended.
      await new Promise((resolve) => setImmediate(resolve))
    }
    return { state, subject, settle }
  }

  it("is fetched once for any number of callers", async () => {
    const { state, subject, settle } = tokens()
    const all = Array.from({ length: 1_000 }, () => subject.get(resolver))
    await settle()
    expect(new Set(await Promise.all(all))).toEqual(new Set(["token-1"]))
    expect(state.runs).toBe(1)
  })

  it("is refreshed before it ends, without making anybody wait", async () => {
    const { state, subject, settle } = tokens()
    const first = subject.get(resolver)
    await settle()
    await first
    state.now = 790
    expect(await subject.get(resolver)).toBe("token-1")
    expect(state.runs).toBe(1)
    state.now = 810
    expect(await subject.get(resolver)).toBe("token-1")
    expect(state.runs).toBe(2)
    await settle()
    expect(await subject.get(resolver)).toBe("token-2")
  })

  it("that is good is used until it ends although the helper is down, and not after", async () => {
    const { state, subject, settle } = tokens()
    const first = subject.get(resolver)
    await settle()
    await first
    state.fail = true
    state.now = 900
    expect(await subject.get(resolver)).toBe("token-1")
    await settle()
    state.now = 999
    expect(await subject.get(resolver)).toBe("token-1")
    state.now = 1_000
    const late = subject.get(resolver)
    await Promise.all([expect(late).rejects.toThrow("down"), settle()])
  })

  it("that an upstream did not take is fetched anew", async () => {
    const { state, subject, settle } = tokens()
    const first = subject.get(resolver)
    await settle()
    subject.reject(resolver, "an older one")
    expect(await subject.get(resolver)).toBe(await first)
    subject.reject(resolver, await first)
    const second = subject.get(resolver)
    await settle()
    expect(await second).toBe("token-2")
    expect(state.runs).toBe(2)
  })

  /** How often the helper runs while a provider rejects every request, one in 100 ms. */
  async function runsOf(duration_ms: number, { fail = false, ttl_ms = 3_600_000 } = {}) {
    const { state, subject, settle } = tokens()
    const lasting = { ...resolver, ttl_ms }
    const at: number[] = []
    state.fail = fail
    for (; state.now < duration_ms; state.now += 100) {
      const before = state.runs
      const asked = subject.get(lasting).then(
        (token) => subject.reject(lasting, token),
        () => {},
      )
      await settle()
      await asked
      if (state.runs > before) at.push(state.now / 1_000)
    }
    return { at, state, subject, settle, lasting }
  }

  it("that is rejected with every request is fetched ever more rarely", async () => {
    const { at } = await runsOf(100_000)
    // The first one is rejected at once, the second one 10 s later, the third one 20 s after that.
    expect(at).toEqual([0, 0.1, 10.1, 30.1, 70.1])
  })

  it("that is rejected after a quiet time is fetched at once again", async () => {
    const { state, subject, settle, lasting } = await runsOf(25_000)
    state.now = 1_800_000
    const runs = state.runs
    subject.reject(lasting, await subject.get(lasting))
    const next = subject.get(lasting)
    await settle()
    expect(await next).toBe(`token-${runs + 1}`)
  })

  it("that a helper does not give is asked for ever more rarely, and the reason is told meanwhile", async () => {
    const { at, subject, lasting } = await runsOf(100_000, { fail: true })
    expect(at).toEqual([0, 2, 6, 14, 30, 62])
    await expect(subject.get(lasting)).rejects.toThrow("down")
  })

  it("that could not be fetched is used again as soon as its helper works", async () => {
    const { state, subject, settle, lasting } = await runsOf(1_000, { fail: true })
    state.fail = false
    state.now = 2_000
    const next = subject.get(lasting)
    await settle()
    expect(await next).toBe("token-2")
  })

  it("goes to the provider that it is bound to, or to the variable, never to both", async () => {
    const bound = { ...resolver, name: "bound" }
    const exposed = { ...resolver, name: "exposed", provider: null, variable: "TOKEN" }
    const helpers = createHelpers({
      session: { resolvers: async () => [bound, exposed] },
      tokens: createTokens({ now: () => 0, run: async ({ name }) => `token-of-${name}` }),
    })
    expect(await helpers.forProvider("p")).toMatchObject({ token: "token-of-bound" })
    expect(await helpers.forProvider("other")).toBeNull()
    expect(await helpers.environment()).toEqual({ TOKEN: "token-of-exposed" })
  })
})
