import { randomBytes } from "node:crypto"
import { open, readdir, rm, statfs } from "node:fs/promises"
import type { VolumeUse } from "../../pod-protocol/index.ts"
import { lstatOrNull } from "./files.ts"
import type { Settings } from "./settings.ts"

const MIB = 1024 * 1024
/** Kept back on the session's volume, so that the agent of a full one starts and can delete something. */
const RESERVE_BYTES = 32 * MIB
/** A small volume gives this part of it, but enough for a start. */
const RESERVE_PART = 1 / 20
const RESERVE_BYTES_MIN = 12 * MIB
/** OpenCode opens its database and writes a turn with less. `agent-image/start.sh` has the same number. */
const ROOM_BYTES = 8 * MIB

/** What OpenCode can do without: its log, texts that were too long for the conversation, and copies for undoing. */
const DISPENSABLE = ["log", "tool-output", "snapshot"]

const reservePath = ({ workspace }: Settings) => `${workspace}/.state/reserve`

/** How full the session's volume is. The reserve counts as used. */
export async function measure(settings: Settings): Promise<VolumeUse> {
  const { blocks, bavail, bfree, bsize } = await statfs(settings.workspace)
  const reserve = (await lstatOrNull(reservePath(settings))) !== null
  // What only the system's administrator may use is nobody's here.
  return { totalBytes: (blocks - bfree + bavail) * bsize, freeBytes: bavail * bsize, reserve }
}

/**
 * Makes room for a start when there is none: gives the reserve back, and when that was used before, removes what the agent
 * can do without. Removing a file needs no room itself.
 */
export async function makeRoom(settings: Settings): Promise<void> {
  const hasRoom = async () => {
    const { bavail, bsize } = await statfs(settings.workspace)
    return bavail * bsize >= ROOM_BYTES
  }
  if (await hasRoom()) return
  await rm(reservePath(settings), { force: true, recursive: true })
  for (const name of DISPENSABLE) {
    if (await hasRoom()) return
    const folder = `${settings.workspace}/.state/data/opencode/${name}`
    // A link that an agent has put there leads elsewhere.
    if ((await lstatOrNull(folder))?.isDirectory()) await empty(folder)
  }
}

async function empty(folder: string): Promise<void> {
  for (const name of await readdir(folder)) await rm(`${folder}/${name}`, { force: true, recursive: true })
}

/** Makes the reserve again once there is room for it and as much again. Never fails. */
export async function keepReserve(settings: Settings): Promise<void> {
  const path = reservePath(settings)
  try {
    const { blocks, bavail, bsize } = await statfs(settings.workspace)
    const wanted = Math.floor(Math.min(RESERVE_BYTES, Math.max(RESERVE_BYTES_MIN, blocks * bsize * RESERVE_PART)))
    const found = await lstatOrNull(path)
    if (found?.isFile() && found.size > 0) return
    if (bavail * bsize < 2 * wanted + ROOM_BYTES) return
    await rm(path, { force: true, recursive: true })
    await fill(path, wanted)
  } catch {
    await rm(path, { force: true, recursive: true }).catch(() => undefined)
  }
}

/** Bytes that no file system makes smaller: it is their room that counts. */
async function fill(path: string, bytes: number): Promise<void> {
  const chunk = randomBytes(MIB)
  const file = await open(path, "wx", 0o600)
  try {
    for (let left = bytes; left > 0; left -= chunk.length) await file.write(chunk, 0, Math.min(left, chunk.length))
    await file.sync()
  } finally {
    await file.close()
  }
}
