import { spawn } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { parseAllDocuments } from "yaml"
import { repositoryRoot } from "../../../scripts/lib/paths.ts"
import type { Helm } from "./helms.ts"
import type { KubernetesObject } from "./objects.ts"

export const chartDirectory = join(repositoryRoot, "chart")
/** The oldest Kubernetes that the chart says it runs on. */
const KUBERNETES = "1.29.0"

export interface RenderOptions {
  readonly release?: string
  readonly namespace?: string
  /** Names of files in chart/ci, without `-values.yaml`. */
  readonly files?: readonly string[]
  /** Values laid over them. */
  readonly values?: object
  readonly chart?: string
  readonly args?: readonly string[]
}

/** Names of the values files in chart/ci, without `-values.yaml`. */
export const valuesFiles = readdirSync(join(chartDirectory, "ci"))
  .filter((name) => name.endsWith("-values.yaml"))
  .map((name) => name.replace(/-values\.yaml$/, ""))

/** What `helm template` prints. @throws Error with all of Helm's words */
export async function renderText(helm: Helm, options: RenderOptions = {}): Promise<string> {
  const { status, stdout, stderr } = await template(helm, options)
  if (status !== 0) throw new Error(stderr)
  return stdout
}

function template(helm: Helm, options: RenderOptions): Promise<{ status: number; stdout: string; stderr: string }> {
  const files = (options.files ?? []).flatMap((name) => ["--values", join(chartDirectory, "ci", `${name}-values.yaml`)])
  const args = [
    ...["template", options.release ?? "berth", options.chart ?? chartDirectory],
    ...["--namespace", options.namespace ?? "release-ns", "--kube-version", KUBERNETES],
    ...files,
    ...(options.values ? ["--values", "-"] : []),
    ...(options.args ?? []),
  ]
  return new Promise((resolve, reject) => {
    const child = spawn(helm.path, args, { stdio: ["pipe", "pipe", "pipe"] })
    let stdout = ""
    let stderr = ""
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text
    })
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text
    })
    child.on("error", reject)
    child.stdin.on("error", () => {}) // Helm that fails early does not read its input.
    child.on("close", (status) => resolve({ status: status ?? 1, stdout, stderr }))
    child.stdin.end(options.values ? JSON.stringify(options.values) : "")
  })
}

/** The objects that Helm makes of the chart. */
export async function render(helm: Helm, options: RenderOptions = {}): Promise<KubernetesObject[]> {
  return parseManifests(await renderText(helm, options))
}

/** The objects of a stream of YAML documents. Kubernetes reads YAML 1.1. */
export function parseManifests(text: string): KubernetesObject[] {
  return parseAllDocuments(text, { version: "1.1" }).flatMap((document) => {
    if (document.errors.length > 0) throw new Error(`not YAML: ${document.errors[0]?.message}`)
    const value: unknown = document.toJS()
    return value === null ? [] : [value as KubernetesObject]
  })
}

/** Why Helm refuses these values, in all its words; null when it does not. */
export async function refusal(helm: Helm, options: RenderOptions): Promise<string | null> {
  const { status, stderr } = await template(helm, options)
  return status === 0 ? null : stderr
}

/** A file of the chart as text. */
export function chartFile(...path: string[]): string {
  return readFileSync(join(chartDirectory, ...path), "utf8")
}
