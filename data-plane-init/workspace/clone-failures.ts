import { diskFull, Failure } from "./failure.ts"

/** What git says when a clone fails (in the C locale), and what that means. First match wins. */
const MEANINGS: readonly (readonly [RegExp, ConstructorParameters<typeof Failure>[0]])[] = [
  [
    /Remote branch .+ not found|couldn't find remote ref|not our ref|unable to read tree|reference is not a tree|pathspec .+ did not match/i,
    "clone_ref_not_found",
  ],
  [/returned error: 403|access denied|could not read Username|Authentication failed/i, "clone_refused"],
  [/transport '.+' not allowed/i, "clone_refused"],
  [/repository .+ not found|returned error: 404/i, "clone_not_found"],
  [
    /returned error: 50[234]|could not resolve host|failed to connect|connection (refused|timed out|reset)/i,
    "host_unreachable",
  ],
]

/** A failed clone, told in the words of the host or of the broker where they said something. */
export function cloneFailure(stderr: string, repositoryUrl: string): Failure {
  if (/no space left on device|disk quota exceeded/i.test(stderr)) return diskFull(null)
  const [, code] = MEANINGS.find(([pattern]) => pattern.test(stderr)) ?? [null, "clone_failed" as const]
  return new Failure(code, `${repositoryUrl} cannot be cloned: ${wordsOf(stderr)}`)
}

/** A submodule that cannot be had, by the address that git names. */
export function submoduleFailure(stderr: string, repositoryUrl: string): Failure {
  const failure = cloneFailure(stderr, repositoryUrl)
  if (failure.code === "disk_full") return failure
  const [, address] = /clone of '([^']+)' into submodule path/.exec(stderr) ?? []
  const which = address === undefined ? "A submodule" : `The submodule ${address}`
  const why = /transport '.+' not allowed/i.test(stderr)
    ? "it is at none of the git hosts that sessions reach (git.hosts)"
    : wordsOf(stderr)
  return new Failure(failure.code, `${which} of ${repositoryUrl} cannot be cloned: ${why}`)
}

/** What the other side said (`remote: …`), else git's own last complaint. */
function wordsOf(stderr: string): string {
  const lines = stderr.split(/[\r\n]+/).map((line) => line.trim())
  const remote = lines.filter((line) => line.startsWith("remote: ")).map((line) => line.slice("remote: ".length).trim())
  const told = remote.filter((line) => !/^(Enumerating|Counting|Compressing|Total|Resolving)\b/.test(line))
  // git tries a submodule twice.
  if (told.length > 0) return [...new Set(told)].join(" ")
  const complaints = lines
    .filter((line) => /^(fatal|error): /.test(line))
    .map((line) => line.replace(/^(fatal|error): /, ""))
  return complaints.at(-1) ?? "git gave no reason"
}
