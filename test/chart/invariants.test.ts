import { beforeAll, describe, expect, test } from "vitest"
import { chartFile, parseManifests, type RenderOptions, render, renderText, valuesFiles } from "./support/chart.ts"
import { everyHelm, type Helm, mainHelm } from "./support/helms.ts"
import { at, containersOf, idOf, type KubernetesObject, ofKind, podsOf } from "./support/objects.ts"
import { withChartVersion } from "./support/versions.ts"

const helm: Helm = await mainHelm()
const LONG_RELEASE = `long-${"x".repeat(47)}b`

const invariants = new Set<string>()
/** A test of one values file that counts as an invariant over all of them. */
function invariant(name: string, run: () => void | Promise<void>): void {
  invariants.add(name)
  test(name, run)
}

describe.each(valuesFiles)("chart/ci/%s-values.yaml", (file) => {
  const options: RenderOptions = { files: [file] }
  let text = ""
  let objects: KubernetesObject[] = []

  beforeAll(async () => {
    text = await renderText(helm, options)
    objects = parseManifests(text)
  })

  invariant("gives the same bytes each time", async () => {
    expect(await renderText(helm, options)).toBe(text)
  })

  invariant("leaves no template text behind, except in what External Secrets fills in", () => {
    const rest = objects.filter((object) => object.kind !== "ExternalSecret")
    expect(JSON.stringify(rest)).not.toMatch(/\{\{|%!|<no value>|<nil>/)
  })

  invariant("makes no object twice", () => {
    const ids = objects.map(idOf)
    expect(ids).toEqual([...new Set(ids)])
  })

  invariant("puts everything into the release's or the session namespace", () => {
    const session = /sessionNamespace:\n {2}name: (\S+)/.exec(chartFile("ci", `${file}-values.yaml`))?.[1]
    const extra = file === "everything" ? ["berth-extra", "agents-text"] : []
    const own = objects.filter(({ kind, metadata }) => kind !== "Namespace" && !extra.includes(metadata.name))
    const allowed = ["release-ns", session ?? "release-ns"]
    expect(own.filter(({ metadata }) => !allowed.includes(metadata.namespace ?? "")).map(idOf)).toEqual([])
  })

  invariant("labels everything with name, instance and component, and selects by nothing else", () => {
    for (const object of objects.filter(({ metadata }) => metadata.labels || !metadata.name.match(/-(extra|text)$/))) {
      expect(object.metadata.labels, idOf(object)).toMatchObject({ "app.kubernetes.io/instance": "berth" })
      expect(object.metadata.labels?.["app.kubernetes.io/component"], idOf(object)).toBeTruthy()
    }
    for (const object of objects.filter(({ kind }) => kind === "Deployment" || kind === "StatefulSet")) {
      const selector = at(object, "spec.selector.matchLabels") as Record<string, string>
      const keys = ["app.kubernetes.io/component", "app.kubernetes.io/instance", "app.kubernetes.io/name"]
      expect(Object.keys(selector).sort()).toEqual(keys)
      expect(at(object, "spec.template.metadata.labels")).toMatchObject(selector)
    }
  })

  invariant("points every Service, budget and policy at pods that there are, by ports that they have", () => {
    const pods = podsOf(objects)
    const matching = (selector: Record<string, string>) =>
      pods.filter(({ labels }) => Object.entries(selector).every(([key, value]) => labels[key] === value))
    for (const service of ofKind(objects, "Service")) {
      const found = matching(at(service, "spec.selector") as Record<string, string>)
      expect(found, idOf(service)).toHaveLength(1)
      const names = found.flatMap((pod) =>
        containersOf(pod).flatMap(({ ports }) => (ports ?? []).map(({ name }) => name)),
      )
      for (const { targetPort } of at(service, "spec.ports") as { targetPort: string }[])
        expect(names).toContain(targetPort)
    }
    for (const budget of ofKind(objects, "PodDisruptionBudget")) {
      expect(matching(at(budget, "spec.selector.matchLabels") as Record<string, string>)).toHaveLength(1)
    }
  })

  invariant("repeats no variable, port, volume or mount, and mounts only volumes that there are", () => {
    for (const pod of podsOf(objects)) {
      const volumes = (pod.spec.volumes ?? []).map(({ name }) => name)
      expectUnique(volumes, pod.owner)
      expectUnique(
        containersOf(pod).flatMap(({ ports }) =>
          (ports ?? []).flatMap(({ name, containerPort }) => [name, containerPort]),
        ),
        pod.owner,
      )
      for (const container of containersOf(pod)) {
        expectUnique(
          (container.env ?? []).map(({ name }) => name),
          pod.owner,
        )
        expectUnique(
          (container.volumeMounts ?? []).map(({ mountPath }) => mountPath),
          pod.owner,
        )
        for (const mount of container.volumeMounts ?? []) expect(volumes, pod.owner).toContain(mount.name)
        for (const variable of container.env ?? []) expect(typeof (variable.value ?? ""), variable.name).toBe("string")
      }
    }
  })

  invariant("mounts a service account's token only where Kubernetes is spoken to", () => {
    const with_token = podsOf(objects).filter(({ spec }) => spec.automountServiceAccountToken !== false)
    const expected = [/^Deployment\//, /^Job\//]
    for (const pod of with_token)
      expect(
        expected.some((pattern) => pattern.test(pod.owner)),
        pod.owner,
      ).toBe(true)
    for (const account of ofKind(objects, "ServiceAccount")) {
      if (at(account, "metadata.labels")?.["app.kubernetes.io/component" as never] === "session") {
        expect(account["automountServiceAccountToken"]).toBe(false)
      }
    }
  })

  invariant("asks for resources in every container of its own", () => {
    for (const pod of podsOf(objects)) {
      for (const container of containersOf(pod)) {
        expect(container.resources?.requests, `${pod.owner} ${container.name}`).toHaveProperty("memory")
      }
    }
  })

  invariant("runs its hooks in a stated order and leaves none behind", () => {
    for (const { metadata } of objects.filter((object) => object.metadata.annotations?.["helm.sh/hook"])) {
      const annotations = metadata.annotations ?? {}
      expect(annotations["helm.sh/hook-delete-policy"]).toBe("before-hook-creation,hook-succeeded")
      if (annotations["helm.sh/hook"] === "test") continue
      expect(annotations["helm.sh/hook-weight"]).toMatch(/^-\d+$/)
      const events = (annotations["helm.sh/hook"] ?? "").split(",")
      expect(events.filter((event) => event.endsWith("-install")).length).toBe(events.length / 2)
    }
  })

  invariant("keeps people's data and what was filled in by hand when the release goes", () => {
    const kept = objects.filter(({ kind, metadata }) => {
      const scaffold = kind === "Secret" && metadata.name.includes("oidc")
      return kind === "PersistentVolumeClaim" || (kind === "Namespace" && metadata.name !== "release-ns") || scaffold
    })
    for (const object of kept) {
      expect(object.metadata.annotations, idOf(object)).toMatchObject({ "helm.sh/resource-policy": "keep" })
    }
  })

  invariant("has names that Kubernetes takes, under the longest release name too", async () => {
    for (const object of await render(helm, { ...options, release: LONG_RELEASE })) {
      const limit = object.kind === "StatefulSet" ? 52 : object.kind === "Service" || object.kind === "Job" ? 63 : 253
      expect(object.metadata.name.length, idOf(object)).toBeLessThanOrEqual(limit)
      expect(object.metadata.name).toMatch(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/)
      for (const [key, value] of Object.entries(object.metadata.labels ?? {})) {
        expect(value.length, `${idOf(object)} ${key}`).toBeLessThanOrEqual(63)
      }
    }
  })

  invariant("makes no object that a second release in the namespace makes too, unless its name was given", async () => {
    const given = new Set(
      [...chartFile("ci", `${file}-values.yaml`).matchAll(/(?:name|Override|configMap): (\S+)/gi)].map(
        (match) => match[1],
      ),
    )
    const first = await render(helm, { ...options, release: "one" })
    const second = await render(helm, { ...options, release: "two" })
    const ids = new Set(first.map(idOf))
    const both = second.filter(
      (object) => ids.has(idOf(object)) && ![...given].some((name) => object.metadata.name.startsWith(name ?? "")),
    )
    expect(both.map(idOf)).toEqual([])
  })

  invariant("changes nothing that rolls pods when only the chart's version changes", async () => {
    const next = await withChartVersion("9.9.9", (chart) => render(helm, { ...options, chart }))
    const pods = (list: KubernetesObject[]) =>
      list.map((object) => [idOf(object), at(object, "spec.template"), object["data"]])
    expect(pods(next)).toEqual(pods(objects))
  })
})

test("every Helm makes the same objects of every values file", async () => {
  const helms = await everyHelm()
  const kinds = new Set<string>()
  for (const file of valuesFiles) {
    const made = await Promise.all(helms.map((one) => render(one, { files: [file] })))
    const sorted = made.map((objects) => objects.toSorted((a, b) => idOf(a).localeCompare(idOf(b))))
    for (const other of sorted.slice(1)) expect(other, file).toEqual(sorted[0])
    for (const object of sorted[0] ?? []) kinds.add(object.kind)
  }
  const checked = `${valuesFiles.length} values files × ${invariants.size} invariants`
  console.log(`${checked}; ${helms.length} Helm versions make the same ${kinds.size} kinds of object of each`)
  expect(helms.length).toBe(3)
})

function expectUnique(values: readonly unknown[], where: string): void {
  const seen = values.filter((value) => value !== undefined)
  expect(seen, where).toEqual([...new Set(seen)])
}
