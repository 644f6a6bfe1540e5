import type { Transcripts } from "../transcripts/types.ts"

const PAGE_MESSAGES = 100
export const TRANSCRIPT_BYTES_MAX = 32 * 1024 * 1024

/** A conversation as lines of JSON, oldest message first. `leftOut`: there were older ones, and no room for them. */
export async function readTranscript(
  transcripts: Pick<Transcripts, "list">,
  sessionId: string,
  bytes_max = TRANSCRIPT_BYTES_MAX,
): Promise<{ content: Buffer; messages: number; leftOut: boolean }> {
  const lines: Buffer[] = []
  let bytes = 0
  let before: number | undefined
  do {
    const page = await transcripts.list(sessionId, {
      limit: PAGE_MESSAGES,
      ...(before === undefined ? {} : { before }),
    })
    for (const message of page.items.toReversed()) {
      const line = Buffer.from(`${JSON.stringify(message)}\n`)
      bytes += line.length
      if (bytes > bytes_max) return { content: Buffer.concat(lines.reverse()), messages: lines.length, leftOut: true }
      lines.push(line)
    }
    before = page.nextCursor === null ? undefined : Number(page.nextCursor)
  } while (before !== undefined)
  return { content: Buffer.concat(lines.reverse()), messages: lines.length, leftOut: false }
}
