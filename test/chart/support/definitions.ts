import { readFileSync } from "node:fs"
import { join } from "node:path"
import { createRun } from "../../../scripts/lib/run.ts"
import { parseManifests } from "./chart.ts"
import { type KubernetesObject, ofKind } from "./objects.ts"

/** Where the definitions of other people's kinds come from: Go modules, with the checksum that Go's database has for them. */
const SOURCES = [
  {
    module: "istio.io/api@v1.31.1",
    sum: "h1:5Yb5ihcz4YQsCkciusK7DnFpBMwRB6EFWeUKH1Atuyk=",
    file: "kubernetes/customresourcedefinitions.gen.yaml",
    names: [
      "authorizationpolicies.security.istio.io",
      "gateways.networking.istio.io",
      "peerauthentications.security.istio.io",
      "requestauthentications.security.istio.io",
      "virtualservices.networking.istio.io",
    ],
  },
  {
    module: "github.com/external-secrets/external-secrets@v1.3.2",
    sum: "h1:u2J8RjlHIeF0oZCqtl92adI/uZWUwOesJIDkfql6LqQ=",
    file: "deploy/crds/bundle.yaml",
    names: ["externalsecrets.external-secrets.io", "passwords.generators.external-secrets.io"],
  },
  {
    module: "sigs.k8s.io/gateway-api@v1.4.0",
    sum: "h1:ZwlNM6zOHq0h3WUX2gfByPs2yAEsy/EenYJB78jpQfQ=",
    file: "config/crd/standard/gateway.networking.k8s.io_httproutes.yaml",
    names: ["httproutes.gateway.networking.k8s.io"],
  },
  {
    module: "github.com/prometheus-operator/prometheus-operator@v0.85.0",
    sum: "h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s=",
    file: "example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml",
    names: ["servicemonitors.monitoring.coreos.com"],
  },
] as const

/** CustomResourceDefinitions of every kind that the chart can make and Kubernetes does not know itself. */
export async function customResourceDefinitions(): Promise<KubernetesObject[]> {
  const run = createRun(() => {})
  const found: KubernetesObject[] = []
  for (const { module, sum, file, names } of SOURCES) {
    const answer = JSON.parse(await run("go", ["mod", "download", "-json", module], { env: { GOWORK: "off" } })) as {
      Dir: string
      Sum: string
    }
    if (answer.Sum !== sum) throw new Error(`${module} is not what it was`)
    const definitions = ofKind(parseManifests(readFileSync(join(answer.Dir, file), "utf8")), "CustomResourceDefinition")
    const wanted = definitions.filter(({ metadata }) => names.some((name) => name === metadata.name))
    if (wanted.length !== names.length) throw new Error(`${module} lacks a definition`)
    found.push(...wanted)
  }
  return found
}
