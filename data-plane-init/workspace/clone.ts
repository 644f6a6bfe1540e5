import { readdir, rename, rm, rmdir } from "node:fs/promises"
import { cloneFailure } from "./clone-failures.ts"
import { asFailure, Failure } from "./failure.ts"
import { lstatOrNull } from "./files.ts"
import type { Git } from "./git.ts"
import { repositoryPath, type Settings } from "./settings.ts"

const UNFINISHED = ".berth-clone-"
const COMMIT = /^[0-9a-f]{40}([0-9a-f]{24})?$/
const ABBREVIATED_COMMIT = /^[0-9a-f]{7,39}$/
// git-check-ref-format, the part that matters here: no options, no revision syntax, no control characters.
const REF = /^(?![-/.])(?!.*(\.\.|@\{|\/\/|\.lock$|[/.]$))[^\0-\x20\x7f~^:?*[\\]+$/

/** True when the workspace has content already, which is then never touched. */
export async function hasRepository(settings: Settings): Promise<boolean> {
  const path = repositoryPath(settings)
  const found = await lstatOrNull(path)
  return found !== null && (!found.isDirectory() || (await readdir(path)).length > 0)
}

/**
 * Makes `<workspace>/repo`: a clone, or an empty repository when the session has none. It is made beside its place and
 * moved there when complete, so a clone that was cut off is never taken for a whole one, and is redone.
 * @throws Failure
 */
export async function createRepository(
  git: Git,
  settings: Settings,
  repository: { readonly url: string; readonly ref: string | null } | null,
): Promise<void> {
  await removeUnfinished(settings)
  const target = `${settings.workspace}/${UNFINISHED}${process.pid}`
  try {
    if (repository === null)
      await must(git("init", "--quiet", target), (stderr) => new Failure("workspace_failed", stderr))
    else await clone(git, repository.url, repository.ref, target)
    const place = repositoryPath(settings)
    if ((await lstatOrNull(place)) !== null) await rmdir(place)
    await rename(target, place)
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

async function clone(git: Git, url: string, ref: string | null, target: string): Promise<void> {
  const fail = (stderr: string) => cloneFailure(stderr, url)
  if (ref === null) return await must(git("clone", "--quiet", "--", url, target), fail)
  if (!REF.test(ref)) throw new Failure("clone_ref_not_found", `${JSON.stringify(ref)} is not a branch, tag or commit.`)
  if (ref.startsWith("refs/") || COMMIT.test(ref)) return await cloneAt(git, url, ref, target, fail)
  const byName = await git("clone", "--quiet", "--branch", ref, "--", url, target)
  if (byName.ok) return
  const failure = fail(byName.stderr)
  if (failure.code !== "clone_ref_not_found") throw failure
  if (!ABBREVIATED_COMMIT.test(ref)) {
    throw new Failure("clone_ref_not_found", `${url} has no branch or tag "${ref}".`)
  }
  await cloneAt(git, url, ref, target, fail)
}

/** For what `git clone --branch` does not take: commits, and references outside of branches and tags. */
async function cloneAt(
  git: Git,
  url: string,
  ref: string,
  target: string,
  fail: (stderr: string) => Failure,
): Promise<void> {
  await must(git("clone", "--quiet", "--no-checkout", "--", url, target), fail)
  const missing = () => new Failure("clone_ref_not_found", `${url} has no commit or reference "${ref}".`)
  if (ref.startsWith("refs/heads/")) {
    return await must(git("-C", target, "checkout", "--quiet", ref.slice("refs/heads/".length)), missing)
  }
  if (ref.startsWith("refs/")) {
    await must(git("-C", target, "fetch", "--quiet", "origin", ref), missing)
    return await must(git("-C", target, "checkout", "--quiet", "--detach", "FETCH_HEAD"), missing)
  }
  const present = await git("-C", target, "checkout", "--quiet", "--detach", `${ref}^{commit}`)
  if (present.ok) return
  // A commit that no branch holds (a pull request's): hosts give it out by its full name.
  await must(git("-C", target, "fetch", "--quiet", "origin", ref), missing)
  await must(git("-C", target, "checkout", "--quiet", "--detach", "FETCH_HEAD"), missing)
}

async function must(
  result: Promise<{ ok: boolean; stderr: string }>,
  failureOf: (stderr: string) => Failure,
): Promise<void> {
  const { ok, stderr } = await result
  if (!ok) throw failureOf(stderr)
}
