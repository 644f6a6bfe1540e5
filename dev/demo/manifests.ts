/** What the demo is made of in the cluster, and how the rest of the installation reaches it. */
export type DemoSettings = {
  namespace: string
  image: string
  /** Key that the demo model asks for; without one there is no demo model, only the git server. */
  modelKey: string | undefined
}

/** Hosts of the demo's Services, as pods of any namespace resolve them. */
export function demoHosts(namespace: string): { model: string; git: string } {
  return { model: `model.${namespace}.svc`, git: `git.${namespace}.svc` }
}

export const demoProviderId = "demo"

/** OpenCode's provider object for the demo model. */
export function demoProvider(namespace: string): object {
  return {
    name: "Demo (a script, not an AI)",
    npm: "@ai-sdk/openai-compatible",
    options: { baseURL: `http://${demoHosts(namespace).model}/v1` },
    models: {
      demo: { name: "Demo model (a script, not an AI)", tool_call: true, limit: { context: 128_000, output: 8192 } },
    },
  }
}

/** Clone URL of the sample repository, as a session names it. */
export function sampleRepository(namespace: string): string {
  return `http://${demoHosts(namespace).git}/sample.git`
}

type Program = { name: string; command: string[]; env: object[]; mounts: object[]; volumes: object[] }

const tmp = { mount: { name: "tmp", mountPath: "/tmp" }, volume: { name: "tmp", emptyDir: {} } }

const model: Program = {
  name: "model",
  command: ["node", "/app/model/main.ts"],
  env: [{ name: "DEMO_KEY", valueFrom: { secretKeyRef: { name: "demo-model", key: "key" } } }],
  mounts: [tmp.mount],
  volumes: [tmp.volume],
}

const gitServer: Program = {
  name: "git",
  command: ["node", "/app/git/main.ts"],
  env: [],
  mounts: [tmp.mount, { name: "data", mountPath: "/data" }],
  volumes: [tmp.volume, { name: "data", emptyDir: {} }],
}

/** The manifests of the demo: a namespace under Pod Security "restricted", the model and the git server. */
export function demoManifests({ namespace, image, modelKey }: DemoSettings): object[] {
  const labels = { "app.kubernetes.io/part-of": "berth-demo" }
  const key = { apiVersion: "v1", kind: "Secret", metadata: { name: "demo-model", namespace, labels } }
  const programs = modelKey === undefined ? [gitServer] : [gitServer, model]
  return [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace, labels: { ...labels, ...restricted } } },
    ...(modelKey === undefined ? [] : [{ ...key, stringData: { key: modelKey } }]),
    ...programs.flatMap((program) => [
      deployment(namespace, image, labels, program),
      service(namespace, labels, program),
    ]),
  ]
}

/** Labels of a namespace whose pods must keep to Pod Security "restricted". */
export const restricted = {
  "pod-security.kubernetes.io/enforce": "restricted",
  "pod-security.kubernetes.io/warn": "restricted",
} as const

function deployment(namespace: string, image: string, labels: object, program: Program): object {
  const selector = { "app.kubernetes.io/name": `demo-${program.name}` }
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: program.name, namespace, labels: { ...labels, ...selector } },
    spec: {
      replicas: 1,
      strategy: { type: "Recreate" },
      selector: { matchLabels: selector },
      template: {
        metadata: { labels: { ...labels, ...selector } },
        spec: {
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          terminationGracePeriodSeconds: 5,
          securityContext: {
            runAsNonRoot: true,
            runAsUser: 1000,
            runAsGroup: 1000,
            fsGroup: 1000,
            seccompProfile: { type: "RuntimeDefault" },
          },
          containers: [container(image, program)],
          volumes: program.volumes,
        },
      },
    },
  }
}

function container(image: string, program: Program): object {
  return {
    name: program.name,
    image,
    imagePullPolicy: "IfNotPresent",
    command: program.command,
    env: program.env,
    ports: [{ name: "http", containerPort: 8080 }],
    readinessProbe: { httpGet: { path: "/healthz", port: "http" }, periodSeconds: 2 },
    resources: { requests: { cpu: "10m", memory: "64Mi" }, limits: { memory: "256Mi" } },
    securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } },
    volumeMounts: program.mounts,
  }
}

function service(namespace: string, labels: object, program: Program): object {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: program.name, namespace, labels },
    spec: {
      selector: { "app.kubernetes.io/name": `demo-${program.name}` },
      ports: [{ name: "http", port: 80, targetPort: "http" }],
    },
  }
}
