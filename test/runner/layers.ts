import { join } from "node:path"
import type { ToolName } from "../../dev/tools/index.ts"
import { repositoryRoot } from "../../scripts/lib/paths.ts"

/** A program that passes or fails as a whole. It counts as one test. */
export interface Check {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
}

/** A part of the suite that can be run alone. */
export interface Layer {
  readonly name: string
  /** Debian packages and built tools that it needs. */
  readonly packages: readonly string[]
  readonly tools: readonly ToolName[]
  /** Run in order, before the tests. */
  readonly checks: readonly Check[]
  /** What the tests are nothing without: they are not run when it fails. */
  readonly before?: Check
  /** Projects of vitest, run at the same time; the one of the layer's name when none is told. */
  readonly projects?: readonly string[]
  /** Only these test files, relative to the top of the repository; all when none are told. */
  readonly files?: readonly string[]
  /** What the tests' environment has more than ours. */
  readonly environment?: Readonly<Record<string, string>>
  readonly timeout_ms: number
  /** Removes what the layer leaves; run whatever came of it, an interruption included. */
  readonly after?: Check
}

const minute_ms = 60_000
const node = process.execPath
/** Where the end-to-end tests read which installation they test; see test/e2e/support/setup.ts. */
const installation = process.env["BERTH_E2E_INSTALLATION"] ?? join(repositoryRoot, "dist", "test", "installation.json")
const local = (program: string, ...args: string[]): Pick<Check, "command" | "args"> => ({
  command: `node_modules/.bin/${program}`,
  args,
})

const checks: readonly Check[] = [
  { name: "types of what runs on Node", ...local("tsc", "--noEmit", "-p", "tsconfig.json") },
  { name: "types of the UI", ...local("tsc", "--noEmit", "-p", "control-plane/ui/tsconfig.json") },
  { name: "lint and format", ...local("biome", "check", "--error-on-warnings", ".") },
  { name: "no dead exports, files or dependencies", ...local("knip", "--config", "test/knip.json", "--no-progress") },
  { name: "docs/openapi.json in sync", command: node, args: ["scripts/openapi.ts", "--check"] },
  { name: "values schema and chart README in sync", command: node, args: ["chart/schema/generate.ts", "--check"] },
  { name: "helm lint", command: node, args: ["test/runner/helm-lint.ts"] },
]

/** In the order they run: the quick ones first. */
export const layers: readonly Layer[] = [
  { name: "check", packages: ["git"], tools: ["helm"], checks, timeout_ms: 10 * minute_ms },
  { name: "unit", packages: ["git"], tools: [], checks: [], timeout_ms: 10 * minute_ms },
  {
    name: "chart",
    packages: ["etcd-server", "openssl"],
    tools: ["helm", "helm-unittest", "kubeconform", "kube-apiserver", "kubectl"],
    checks: [],
    timeout_ms: 30 * minute_ms,
  },
  {
    name: "integration",
    packages: ["postgresql", "etcd-server", "openssl", "git", "ripgrep", "chromium", "curl"],
    tools: ["kube-apiserver", "kube-controller-manager", "kubectl", "versitygw"],
    checks: [],
    timeout_ms: 45 * minute_ms,
  },
  {
    name: "e2e",
    packages: ["chromium", "git", "iproute2", "openssl", "postgresql"],
    tools: ["helm", "kubectl"],
    checks: [],
    before: {
      name: "the installation of the end-to-end tests is up",
      command: node,
      args: ["test/e2e/support/bring-up.ts", installation],
    },
    projects: ["e2e", "releases"],
    environment: { BERTH_E2E_INSTALLATION: installation },
    timeout_ms: 40 * minute_ms,
    after: {
      name: "the installation of the end-to-end tests is removed",
      command: node,
      args: ["test/e2e/support/take-down.ts"],
    },
  },
]
