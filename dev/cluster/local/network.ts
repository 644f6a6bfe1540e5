import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { type Run, succeeds } from "../../../scripts/lib/run.ts"
import { files, network } from "./settings.ts"

/** Kernel settings that the node, the kubelet or kube-proxy change. What they were before is put back by `down`. */
const changedSysctls = [
  "net/ipv4/ip_forward",
  "net/ipv4/conf/all/route_localnet",
  "vm/overcommit_memory",
  "kernel/panic",
  "kernel/panic_on_oops",
  "kernel/keys/root_maxkeys",
  "kernel/keys/root_maxbytes",
] as const

type Rule = { table: "filter" | "nat"; hook: string; chain: string; rules: string[][] }

// One static rule instead of one chain a pod (the CNI plugin's ipMasq): a pod starts without a single iptables call.
const rules: readonly Rule[] = [
  {
    table: "nat",
    hook: "POSTROUTING",
    chain: "BERTH-MASQUERADE",
    rules: [["-s", network.pods, "!", "-d", network.pods, "-j", "MASQUERADE"]],
  },
  {
    // A Docker daemon sets the policy of FORWARD to DROP; pods must be forwarded all the same.
    table: "filter",
    hook: "FORWARD",
    chain: "BERTH-FORWARD",
    rules: [
      ["-s", network.pods, "-j", "ACCEPT"],
      ["-d", network.pods, "-j", "ACCEPT"],
    ],
  },
]

/** Gives the node its address, lets pods out, and keeps what the kernel's settings were. Safe to repeat. */
export async function networkUp(run: Run): Promise<void> {
  rememberSysctls()
  writeFileSync("/proc/sys/net/ipv4/ip_forward", "1")
  if (!existsSync(`/sys/class/net/${network.bridge}`)) {
    // An empty bridge, because not every kernel has the dummy interface.
    await run("ip", ["link", "add", network.bridge, "type", "bridge"])
  }
  await run("ip", ["addr", "replace", `${network.nodeAddress}/32`, "dev", network.bridge])
  await run("ip", ["link", "set", network.bridge, "up"])
  // Every pod has a route of its own. What is sent to one that is gone must not leave the machine by the default route, where
  // anybody may answer in its place.
  await run("ip", ["route", "replace", "unreachable", network.pods])
  for (const { table, hook, chain, rules: wanted } of rules) {
    if (!(await succeeds("iptables", ["-w", "-t", table, "-n", "-L", chain]))) {
      await run("iptables", ["-w", "-t", table, "-N", chain])
    }
    await run("iptables", ["-w", "-t", table, "-F", chain])
    for (const rule of wanted) await run("iptables", ["-w", "-t", table, "-A", chain, ...rule])
    if (!(await succeeds("iptables", ["-w", "-t", table, "-C", hook, "-j", chain]))) {
      await run("iptables", ["-w", "-t", table, "-I", hook, "-j", chain])
    }
  }
}

/** Removes the bridge and the node's chains (and those of its kubelet and kube-proxy), puts the kernel's settings back. */
export async function networkDown(run: Run): Promise<void> {
  if (existsSync(`/sys/class/net/${network.bridge}`)) await run("ip", ["link", "del", network.bridge])
  await succeeds("ip", ["route", "del", "unreachable", network.pods])
  for (const family of ["iptables", "ip6tables"]) {
    for (const table of ["filter", "nat", "mangle"]) {
      if (!(await succeeds(`${family}-save`, ["-t", table]))) continue
      const script = removalScript(table, await run(`${family}-save`, ["-t", table], { quiet: true }))
      if (script) await run(`${family}-restore`, ["-w", "--noflush"], { input: script })
    }
  }
  restoreSysctls()
}

/** The `iptables-restore --noflush` script that removes every chain of the node from one table; empty when there is none. */
export function removalScript(table: string, saved: string): string {
  const lines = saved.split("\n")
  const ours = new Set(lines.flatMap((line) => /^:((?:KUBE|BERTH)-\S+)/.exec(line)?.[1] ?? []))
  if (ours.size === 0) return ""
  const jumps = lines.filter((line) => {
    const [, chain, target] = /^-A (\S+) .*-[jg] (\S+)/.exec(line) ?? []
    return chain !== undefined && target !== undefined && !ours.has(chain) && ours.has(target)
  })
  return [
    `*${table}`,
    ...jumps.map((line) => line.replace(/^-A/, "-D")),
    ...[...ours].map((chain) => `-F ${chain}`),
    ...[...ours].map((chain) => `-X ${chain}`),
    "COMMIT",
    "",
  ].join("\n")
}

function rememberSysctls(): void {
  if (existsSync(files.sysctls)) return
  const before = changedSysctls
    .filter((name) => existsSync(`/proc/sys/${name}`))
    .map((name) => [name, readFileSync(`/proc/sys/${name}`, "utf8").trim()])
  writeFileSync(files.sysctls, JSON.stringify(Object.fromEntries(before)))
}

function restoreSysctls(): void {
  if (!existsSync(files.sysctls)) return
  const before: Record<string, string> = JSON.parse(readFileSync(files.sysctls, "utf8"))
  for (const name of changedSysctls) {
    const value = before[name]
    if (value !== undefined) writeFileSync(`/proc/sys/${name}`, value)
  }
  rmSync(files.sysctls)
}
