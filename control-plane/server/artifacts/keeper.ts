import { createHash } from "node:crypto"
import { Readable } from "node:stream"
import type { Database } from "../database/types.ts"
import { AppError } from "../errors/index.ts"
import { fenced } from "../leases/index.ts"
import type { Metrics } from "../observability/index.ts"
import type { Transcripts } from "../transcripts/types.ts"
import { createRoom } from "./room.ts"
import {
  findContent,
  findListedContent,
  findRecord,
  type NewFile,
  type PatchMissing,
  readReaders,
  storeAsked,
  storeKept,
} from "./store.ts"
import { readTranscript, TRANSCRIPT_BYTES_MAX } from "./transcript.ts"
import type { ArtifactFile, ArtifactKeeper, ArtifactName, KeptSession } from "./types.ts"
import { createWriter, type WriterParts } from "./writer.ts"

export interface KeeperParts extends WriterParts {
  readonly transcripts: Pick<Transcripts, "list">
  readonly metrics?: Metrics
  /** Of all sessions' files in the database, while the bucket is away. */
  readonly waiting_bytes_max?: number
}

/**
 * Keeps what a session leaves behind. What is to be written is put into the database first, in the transaction that
 * proves the lease: stopping and deleting never wait for the bucket, and nothing is lost while it is away for a while.
 * Of what would be too much (room.ts), the manifest says that it is missing.
 */
export function createArtifactKeeper(parts: KeeperParts): ArtifactKeeper {
  const { database, transcripts, bucket, clock } = parts
  const writer = createWriter(parts)
  const room = createRoom(parts)
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
      await fenced(database, lease, async (transaction) => {
        const file = "text" in patch ? fileOf("workspace.patch", Buffer.from(patch.text)) : null
        const isKept = file !== null && (await room.has(transaction, session.id, file.bytes))
        const why = "missing" in patch ? patch.missing : isKept ? null : room.leaveOut(session.id, "workspace.patch")
        const missing = why === null ? null : { at: clock.now(), why }
        await storeAsked(transaction, session, { file: isKept ? file : null, missing })
      })
    },
    async keep(lease, seen, why) {
      const { content, messages, leftOut: shortened } = await readTranscript(transcripts, seen.id)
      await fenced(database, lease, async (transaction) => {
        // The owner may have made it private since the driver read it, and nobody could correct that afterwards.
        const session = { ...seen, ...(await readReaders(transaction, seen.id)) }
        const before = await findRecord(transaction, session.id)
        const patch = await patchOf(transaction, session, before, fileOf)
        const isKept = await room.has(transaction, session.id, content.length + (patch?.content?.length ?? 0))
        const earlier = before?.files.find(({ name }) => name === "transcript.ndjson")
        const transcript = isKept ? fileOf("transcript.ndjson", content) : earlier
        const described = [transcript, patch].filter((file) => file != null)
        const missing = missingOf(before?.patchMissing ?? null, {
          shortened: isKept && shortened ? `only the last ${TRANSCRIPT_BYTES_MAX} bytes are kept` : null,
          leftOut: isKept ? null : room.leaveOut(session.id, "transcript.ndjson"),
        })
        const manifest = fileOf(
          "manifest.json",
          Buffer.from(
            `${JSON.stringify(manifestOf({ session, why, messages, described, missing }, clock.now()), null, 2)}\n`,
          ),
        )
        const files = [manifest, ...described].map(({ name, bytes, at }) => ({ name, bytes, at }))
        const waiting = [manifest, ...(isKept ? [fileOf("transcript.ndjson", content)] : [])]
        await storeKept(transaction, session, { waiting, files })
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

/** What the manifest says of files that are not there, or not whole. */
function missingOf(patch: PatchMissing | null, transcript: { shortened: string | null; leftOut: string | null }) {
  const why = transcript.leftOut ?? transcript.shortened
  return [
    ...(patch === null ? [] : [{ name: "workspace.patch", why: patch.why, at: timeOf(patch.at) }]),
    ...(why === null ? [] : [{ name: "transcript.ndjson", why }]),
  ]
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
