import { readdir, rename, rm, rmdir } from "node:fs/promises"
import { plainAddress } from "../../pod-protocol/git-address.ts"
import type { ReportNotice, WorkloadRepository } from "../../pod-protocol/index.ts"
import { cloneFailure, submoduleFailure } from "./clone-failures.ts"
import { asFailure, Failure } from "./failure.ts"
import { allowOwner, lstatOrNull } from "./files.ts"
import type { Git } from "./git.ts"
import { repositoryPath, type Settings } from "./settings.ts"

const BRANCHES_NAMED_MAX = 10
const SUBMODULE_LEVELS_MAX = 10
const UNFINISHED = ".berth-clone-"
const COMMIT = /^[0-9a-f]{40}([0-9a-f]{24})?$/
const ABBREVIATED_COMMIT = /^[0-9a-f]{7,39}$/
// git-check-ref-format, the part that matters here: no options, no revision syntax, no control characters.
const REF = /^(?![-/.])(?!.*(\.\.|@\{|\/\/|\.lock$|[/.]$))[^\0-\x20\x7f~^:?*[\\]+$/

/** True when the workspace has content already, which is then never touched. */
export async function hasRepository(settings: Settings): Promise<boolean> {
  const path = repositoryPath(settings)
  const found = await lstatOrNull(path)
  if (found === null || !found.isDirectory()) return found !== null
  await allowOwner(path, found)
  return (await readdir(path)).length > 0
}

/**
 * Makes `<workspace>/repo`: a clone, or an empty repository when the session has none. It is made beside its place and
 * moved there when complete, so a clone that was cut off is never taken for a whole one, and is redone. Returns what a
 * person should know about it.
 * @throws Failure
 */
export async function createRepository(
  git: Git,
  settings: Settings,
  repository: WorkloadRepository | null,
): Promise<ReportNotice[]> {
  await removeUnfinished(settings)
  const target = `${settings.workspace}/${UNFINISHED}${process.pid}`
  try {
    if (repository === null)
      await must(git("init", "--quiet", target), (stderr) => new Failure("workspace_failed", stderr))
    else await clone(git, repository, target)
    if (repository?.submodules === true) await cloneSubmodules(git, repository, target)
    const place = repositoryPath(settings)
    if ((await lstatOrNull(place)) !== null) await rmdir(place)
    const notices = repository === null ? [] : await noticesAbout(git, target)
    await rename(target, place)
    return notices
  } catch (error) {
    await rm(target, { recursive: true, force: true })
    throw asFailure(error)
  }
}

async function removeUnfinished(settings: Settings): Promise<void> {
  const names = await readdir(settings.workspace)
  const unfinished = names.filter((name) => name.startsWith(UNFINISHED))
  await Promise.all(unfinished.map((name) => rm(`${settings.workspace}/${name}`, { recursive: true, force: true })))
}

async function clone(git: Git, repository: WorkloadRepository, target: string): Promise<void> {
  const { url, ref } = repository
  const fail = (stderr: string) => cloneFailure(stderr, url)
  if (ref === null) {
    await must(git("clone", "--quiet", ...history(repository), "--", url, target), fail)
    return await requireDefaultBranch(git, url, target)
  }
  if (!REF.test(ref)) throw new Failure("clone_ref_not_found", `${JSON.stringify(ref)} is not a branch, tag or commit.`)
  const branch = /^refs\/heads\/(.+)/.exec(ref)?.[1]
  if (branch === undefined && (ref.startsWith("refs/") || COMMIT.test(ref))) {
    return await cloneAt(git, repository, ref, target)
  }
  // In one word, so that no branch is taken for an option.
  const byName = await git("clone", "--quiet", ...history(repository), `--branch=${branch ?? ref}`, "--", url, target)
  if (byName.ok) return
  const failure = fail(byName.stderr)
  if (failure.code !== "clone_ref_not_found") throw failure
  if (!ABBREVIATED_COMMIT.test(ref)) {
    throw new Failure("clone_ref_not_found", `${url} has no branch or tag "${ref}".`)
  }
  if (repository.depth !== null) {
    const message = `${url} has no branch or tag "${ref}"; for a commit, a clone with a depth needs its whole id.`
    throw new Failure("clone_ref_not_found", message)
  }
  await cloneAt(git, repository, ref, target)
}

/** For what `git clone --branch` does not take: commits, and references outside of branches and tags. */
async function cloneAt(git: Git, repository: WorkloadRepository, ref: string, target: string): Promise<void> {
  const { url } = repository
  const missing = () => new Failure("clone_ref_not_found", `${url} has no commit or reference "${ref}".`)
  const cloned = await git("clone", "--quiet", "--no-checkout", ...history(repository), "--", url, target)
  if (!cloned.ok) throw cloneFailure(cloned.stderr, url)
  const present = ref.startsWith("refs/") ? null : await git(...detach(target, `${ref}^{commit}`))
  if (present?.ok === true) return
  // A commit that no branch holds (a pull request's), or that is not among the last ones: hosts give it out by its full name.
  await must(git("-C", target, "fetch", "--quiet", ...history(repository), "origin", ref), missing)
  await must(git(...detach(target, "FETCH_HEAD")), missing)
}

function history({ depth }: WorkloadRepository): string[] {
  return depth === null ? [] : ["--depth", String(depth)]
}

function detach(target: string, commit: string): string[] {
  return ["-C", target, "checkout", "--quiet", "--detach", commit]
}

/** git only warns when the host's default branch does not exist, and leaves an empty folder. */
async function requireDefaultBranch(git: Git, url: string, target: string): Promise<void> {
  const head = await git("-C", target, "rev-parse", "--quiet", "--verify", "HEAD^{commit}")
  if (head.ok) return
  const { stdout } = await git("-C", target, "ls-remote", "--heads", "origin")
  const branches = stdout.split("\n").flatMap((line) => /\trefs\/heads\/(.+)$/.exec(line)?.[1] ?? [])
  if (branches.length === 0) return
  const some = branches.slice(0, BRANCHES_NAMED_MAX).join(", ")
  const more = branches.length > BRANCHES_NAMED_MAX ? ", and others" : ""
  throw new Failure(
    "clone_ref_not_found",
    `The default branch of ${url} does not exist. Start a session with one of its branches as the reference: ${some}${more}.`,
  )
}

/** What looks fine to git and is not what a person expects. */
async function noticesAbout(git: Git, target: string): Promise<ReportNotice[]> {
  const head = await git("-C", target, "rev-parse", "--quiet", "--verify", "HEAD^{commit}")
  if (!head.ok) return [{ code: "repository_empty", message: "The repository is empty: it has no commits yet." }]
  const { stdout } = await git("-C", target, "ls-files", "-z", "--", ":(attr:filter=lfs)")
  const files = stdout.split("\0").filter((name) => name !== "")
  if (files.length === 0) return []
  const which = `${files.length === 1 ? "1 file is" : `${files.length} files are`} in Git LFS, for example ${files[0]}`
  const message = `${which}. The workspace has pointer files in their place: sessions cannot read Git LFS. Put files that the agent needs into the repository itself, or where it can download them.`
  return [{ code: "lfs_pointers", message }]
}

/**
 * Those of the submodules too, level by level, each from the normal form of its address. What may be read is decided
 * behind the sidecar.
 */
async function cloneSubmodules(git: Git, repository: WorkloadRepository, folder: string, level = 1): Promise<void> {
  const run = (...args: string[]) =>
    must(git("-C", folder, "submodule", "--quiet", ...args), (stderr) => submoduleFailure(stderr, repository.url))
  await run("init")
  const { stdout: urls } = await git("-C", folder, "config", "--null", "--get-regexp", "^submodule\\..*\\.url$")
  for (const [key = "", url = ""] of urls.split("\0").map((entry) => entry.split("\n"))) {
    const plain = plainAddress(url)
    if (key !== "" && plain !== url) await git("-C", folder, "config", key, plain)
  }
  await run("update", ...history(repository))
  if (level === SUBMODULE_LEVELS_MAX) return
  const { stdout: paths } = await git("-C", folder, "submodule", "--quiet", "foreach", "printf '%s\\0' \"$sm_path\"")
  for (const path of paths.split("\0").filter((name) => name !== "")) {
    const inner = `${folder}/${path}`
    if ((await lstatOrNull(`${inner}/.gitmodules`)) !== null) await cloneSubmodules(git, repository, inner, level + 1)
  }
}

async function must(
  result: Promise<{ ok: boolean; stderr: string }>,
  failureOf: (stderr: string) => Failure,
): Promise<void> {
  const { ok, stderr } = await result
  if (!ok) throw failureOf(stderr)
}
