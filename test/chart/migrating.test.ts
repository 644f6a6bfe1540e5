import { readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { parse } from "yaml"
import { repositoryRoot } from "../../scripts/lib/paths.ts"
import { chartFile } from "./support/chart.ts"
import { at } from "./support/objects.ts"

/** Every parameter that the other system's chart documents in its tables and examples. */
const PARAMETERS = `
nameOverride fullnameOverride
image.repository image.tag image.pullPolicy
replicaCount podAnnotations podLabels podSecurityContext securityContext
service.type service.port service.agentapiPort
ingress.enabled ingress.className ingress.annotations ingress.hosts ingress.tls
persistence.enabled persistence.storageClassName persistence.accessMode persistence.size
config.startPort config.enableMultipleUsers
config.persistence.enabled config.persistence.backend config.persistence.filePath
config.persistence.syncIntervalSeconds config.persistence.encryptSensitiveData
config.persistence.sessionRecoveryMaxAgeHours
config.persistence.s3.bucket config.persistence.s3.region config.persistence.s3.prefix config.persistence.s3.endpoint
config.persistence.s3.accessKey config.persistence.s3.secretKey
config.auth.enabled
config.roleEnvFiles.enabled config.roleEnvFiles.path config.roleEnvFiles.loadDefault
roleEnvFiles.enabled roleEnvFiles.files
env envFrom resources.requests resources.limits
serviceAccount.create serviceAccount.automount serviceAccount.annotations serviceAccount.name
nodeSelector tolerations affinity livenessProbe readinessProbe
`
  .trim()
  .split(/\s+/)

const text = readFileSync(join(repositoryRoot, "docs/migrating.md"), "utf8")
const [, section = ""] = /## From AgentAPI Proxy\n([\s\S]*?)\n## /.exec(text) ?? []
const rows = section
  .split("\n")
  .filter((line) => line.startsWith("| `"))
  .map((line) => line.split("|").map((cell) => cell.trim()))

/** The keys in a cell; `.b` after `a.x` stands for `a.b`. */
function keysOf(cell = ""): string[] {
  let parent = ""
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, key = ""]) => {
    if (key.startsWith(".")) return parent + key
    parent = key.slice(0, Math.max(0, key.lastIndexOf(".")))
    return key
  })
}

test(`the table has a row for each of the ${PARAMETERS.length} parameters, and no other`, () => {
  const named = rows.flatMap(([, parameters]) => keysOf(parameters)).filter((key) => /^[a-z]/.test(key))
  expect(named.toSorted()).toEqual(PARAMETERS.toSorted())
})

test("what a parameter is called here is a key of the values file, and what is not there has its reason", () => {
  const values = parse(chartFile("values.yaml"))
  for (const [, parameters = "", here = "", why = ""] of rows) {
    if (here === "–") expect(why, parameters).toMatch(/\w/)
    const keys = here === "the same" ? keysOf(parameters) : keysOf(here)
    for (const key of keys) {
      // What has quotes lies in a map whose keys are the operator's.
      const known = key.replace(/\.\*$/, "").replace(/\."[^"]+".*$/, "")
      expect(at(values, known), `${parameters}: ${key}`).toBeDefined()
    }
  }
})
