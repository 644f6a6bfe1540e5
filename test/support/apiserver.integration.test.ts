import { afterAll, beforeAll, expect, test } from "vitest"
import { until } from "../../scripts/lib/wait.ts"
import { type ApiServer, startApiServer } from "./apiserver.ts"

let server: ApiServer
beforeAll(async () => {
  server = await startApiServer({ controllers: true })
})
afterAll(() => server?.stop())

const restricted = { "pod-security.kubernetes.io/enforce": "restricted" }

test("Pod Security refuses a privileged pod in a restricted namespace", async () => {
  await apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: "strict", labels: restricted } })
  await until("the default service account", () => server.kubectl(["-n", "strict", "get", "sa", "default"]), {
    timeout_ms: 120_000,
  })
  const spec = { containers: [{ name: "one", image: "none", securityContext: { privileged: true } }] }
  const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "bad", namespace: "strict" }, spec }
  await expect(apply(pod)).rejects.toThrow()
})

test("a service account without a role may do nothing", async () => {
  const as = ["--as=system:serviceaccount:default:nobody"]
  await expect(server.kubectl(["get", "secrets", ...as])).rejects.toThrow()
})

function apply(object: object): Promise<string> {
  return server.kubectl(["apply", "--server-side", "-f", "-"], { input: JSON.stringify(object) })
}
