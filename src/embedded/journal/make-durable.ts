/*
 * What a former process wrote to the end of a segment, made durable before it is believed.
 *
 *   [… durable …][last batch]      the last batch is written once more in its place, and synced
 *
 * A sync alone is not enough: the one before may have failed, and then the kernel has marked the pages
 * clean. They can still be read, and no later sync brings them to the disk.
 * Rule: bytes are replaced by themselves, so a crash in between changes nothing.
 */

import type { Disk, DiskFile } from './disk.ts'

const pieceBytes = 1024 * 1024

/** From `from` to the end of the file; `undefined` when nothing of it was ever in doubt. */
export async function makeDurable(
  disk: Disk,
  name: string,
  from: number | undefined,
): Promise<void> {
  const file = await disk.open(name)
  try {
    if (from !== undefined) await writeAgain(file, from)
    await file.sync()
  } finally {
    await file.close()
  }
}

async function writeAgain(file: DiskFile, from: number): Promise<void> {
  const end = await file.size()
  const piece = Buffer.allocUnsafeSlow(Math.min(pieceBytes, Math.max(0, end - from)))
  for (let at = from; at < end; ) {
    const bytes = piece.subarray(0, await file.read(piece, at))
    if (bytes.length === 0) return
    try {
      await file.write(bytes, at)
    } catch (error) {
      // File systems that never write in place need room for it. A full one must start all the same.
      if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return
      throw error
    }
    at += bytes.length
  }
}
