import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { repositoryRoot } from "../../scripts/lib/paths.ts"
import { imageSources, tagged } from "./catalog.ts"

const source = { name: "berth/auth", dockerfile: "Dockerfile", inputs: ["app", "run.sh"] } as const

describe("an image's tag", () => {
  let root = ""
  const tag = () => tagged({ ...source, inputs: [...source.inputs] }, root).tag

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "images-"))
    mkdirSync(join(root, "app"))
    writeFileSync(join(root, "app/main.mjs"), "one")
    writeFileSync(join(root, "run.sh"), "#!/bin/sh")
    writeFileSync(join(root, "Dockerfile"), "FROM debian:bookworm-slim")
  })
  afterEach(() => rmSync(root, { recursive: true }))

  it("stays when only times change", () => {
    const before = tag()
    utimesSync(join(root, "app/main.mjs"), 1, 1)
    expect(tag()).toBe(before)
  })

  it("changes with a file's content, name or executable bit, and with the Dockerfile", () => {
    const tags = [tag()]
    writeFileSync(join(root, "app/main.mjs"), "two")
    tags.push(tag())
    writeFileSync(join(root, "app/other.mjs"), "two")
    tags.push(tag())
    chmodSync(join(root, "run.sh"), 0o755)
    tags.push(tag())
    writeFileSync(join(root, "Dockerfile"), "FROM debian:bookworm-slim\nUSER 1")
    tags.push(tag())
    expect(new Set(tags).size).toBe(5)
  })
})

describe("the Dockerfiles", () => {
  it.each(imageSources)("$name copies only what is listed as its input", ({ dockerfile, inputs }) => {
    const copied = [...readFileSync(join(repositoryRoot, dockerfile), "utf8").matchAll(/^COPY (\S+) /gm)]
    const listed = (path: string) => inputs.some((input) => `${path.replace(/\/$/, "")}/`.startsWith(`${input}/`))
    expect(copied.map((match) => match[1]).filter((path) => path && !listed(path))).toEqual([])
  })

  it.each(imageSources)("$name needs no frontend image and runs as a numeric user", ({ dockerfile }) => {
    const text = readFileSync(join(repositoryRoot, dockerfile), "utf8")
    expect(text).not.toMatch(/^#\s*syntax=/m)
    expect(text).toMatch(/^USER [1-9]\d*:[1-9]\d*$/m)
    expect(text).toMatch(/^FROM (node:24|debian:bookworm|debian:bookworm-slim|node:24-bookworm)-?\S*$/m)
  })

  it.each(imageSources)("$name sends its Dockerfile once", ({ dockerfile, inputs }) => {
    // Twice in the archive is a link to itself, which Docker refuses.
    expect(inputs.filter((input) => `${dockerfile}/`.startsWith(`${input}/`))).toEqual([])
  })

  it.each(imageSources)("$name is made of nothing that a plain `docker build` would leave out", ({ inputs }) => {
    const kept = readFileSync(join(repositoryRoot, ".dockerignore"), "utf8").matchAll(/^!(\S+)$/gm)
    const places = [...kept].map(([, place]) => place)
    expect(inputs.filter((input) => !places.some((place) => `${input}/`.startsWith(`${place}/`)))).toEqual([])
  })

  it("are those of the README's build, with the version that the chart asks for", () => {
    const read = (path: string) => readFileSync(join(repositoryRoot, path), "utf8")
    const [, version] = /^appVersion: (\S+)$/m.exec(read("chart/Chart.yaml")) ?? []
    const lines = read("README.md").matchAll(/^docker build -t \$REGISTRY\/(\S+) -f (\S+) \.$/gm)
    const installed = imageSources.filter(({ name }) => name !== "berth/demo" && name !== "berth/postgres-local")
    expect([...lines].map(([, image, dockerfile]) => `${image} ${dockerfile}`)).toEqual(
      installed.map(({ name, dockerfile }) => `${name}:${version} ${dockerfile}`),
    )
    expect(read("README.md")).toContain(
      `for image in ${installed.map(({ name }) => name.replace("berth/", "")).join(" ")}; do docker push $REGISTRY/berth/$image:${version};`,
    )
  })
})
