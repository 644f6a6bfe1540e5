import { createHash } from "node:crypto"
import { Readable } from "node:stream"
import type { Database } from "../database/types.ts"
import { AppError } from "../errors/index.ts"
import type { Transcripts } from "../transcripts/types.ts"
import { fenced, findContent, findListedContent, findRecord, type NewFile, storeAsked, storeKept } from "./store.ts"
import { readTranscript, TRANSCRIPT_BYTES_MAX } from "./transcript.ts"
import type { ArtifactFile, ArtifactKeeper, ArtifactName, KeptSession } from "./types.ts"
import { createWriter, type WriterParts } from "./writer.ts"

export interface KeeperParts extends WriterParts {
  readonly transcripts: Pick<Transcripts, "list">
}

/**
 * Keeps what a session leaves behind. What is to be written is put into the database first, in the transaction that
 * proves the lease: stopping and deleting never wait for the bucket, and nothing is lost while it is away.
 */
export function createArtifactKeeper(parts: KeeperParts): ArtifactKeeper {
  const { database, transcripts, bucket, clock } = parts
  const writer = createWriter(parts)
  const fileOf = (name: ArtifactName, content: Buffer): NewFile => ({
    name,
    content,
    bytes: content.length,
    at: clock.now(),
  })
  return {
    async wasAsked(session) {
      return (await findRecord(database, session.id))?.askedGeneration === session.generation
    },
    async keepPatch(lease, session, patch) {
      const asked =
        "text" in patch
          ? { file: fileOf("workspace.patch", Buffer.from(patch.text)), missing: null }
          : { file: null, missing: { at: clock.now(), why: patch.missing } }
      await fenced(database, lease, (transaction) => storeAsked(transaction, session, asked))
    },
    async keep(lease, seen, why) {
      const { content, messages, leftOut } = await readTranscript(transcripts, seen.id)
      await fenced(database, lease, async (transaction, readers) => {
        // The owner may have made it private since the driver read it, and nobody could correct that afterwards.
        const session = { ...seen, ...readers }
        const before = await findRecord(transaction, session.id)
        const patch = await patchOf(transaction, session, before, fileOf)
        const transcript = fileOf("transcript.ndjson", content)
        const described = patch === null ? [transcript] : [transcript, patch]
        const missing = [
          ...(before?.patchMissing == null
            ? []
            : [{ name: "workspace.patch", why: before.patchMissing.why, at: timeOf(before.patchMissing.at) }]),
          ...(leftOut
            ? [{ name: "transcript.ndjson", why: `only the last ${TRANSCRIPT_BYTES_MAX} bytes are kept` }]
            : []),
        ]
        const manifest = fileOf(
          "manifest.json",
          Buffer.from(
            `${JSON.stringify(manifestOf({ session, why, messages, described, missing }, clock.now()), null, 2)}\n`,
          ),
        )
        const files = [manifest, ...described].map(({ name, bytes, at }) => ({ name, bytes, at }))
        await storeKept(transaction, session, { waiting: [manifest, transcript], files })
      })
      writer.wake()
    },
    find: (sessionId) => findRecord(database, sessionId),
    async read(sessionId, name) {
      const waiting = await findListedContent(database, sessionId, name)
      if (waiting !== null) return Readable.from([waiting])
      try {
        return await bucket.get(`${sessionId}/${name}`)
      } catch (cause) {
        throw new AppError("unavailable", "The object store does not answer.", { cause, retryAfter_s: 10 })
      }
    },
    start: () => writer.start(),
    stop: () => writer.stop(),
  }
}

type Described = ArtifactFile & { readonly content?: Buffer }

/** What the agent said at this end; else what it said at an earlier one, with that one's time. */
async function patchOf(
  transaction: Database,
  session: KeptSession,
  before: Awaited<ReturnType<typeof findRecord>>,
  fileOf: (name: ArtifactName, content: Buffer) => NewFile,
): Promise<Described | null> {
  const name = "workspace.patch"
  const content = before?.patchMissing === null ? await findContent(transaction, session.id, name) : null
  return content === null ? (before?.files.find((file) => file.name === name) ?? null) : fileOf(name, content)
}

function manifestOf(
  kept: {
    session: KeptSession
    why: "stopped" | "deleted"
    messages: number
    described: readonly Described[]
    missing: readonly object[]
  },
  now: number,
) {
  const { session, why, messages, described, missing } = kept
  return {
    version: 1,
    session: {
      id: session.id,
      title: session.title,
      ownerId: session.ownerId,
      visibility: session.visibility,
      repository: session.repository,
      createdAt: timeOf(session.createdAt),
    },
    why,
    at: timeOf(now),
    messages,
    files: described.map(({ name, bytes, at, content }) => ({
      name,
      bytes,
      at: timeOf(at),
      ...(content === undefined ? {} : { sha256: createHash("sha256").update(content).digest("hex") }),
    })),
    missing,
  }
}

function timeOf(at: number): string {
  return new Date(at).toISOString()
}
