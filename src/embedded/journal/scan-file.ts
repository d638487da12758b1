import type { Disk } from './disk.ts'

/** What pieces are read into, one after the other; it grows to the largest. */
export interface PieceRoom {
  bytes: Buffer
}

/**
 * A file to be read in pieces. Pieces are new buffers, so that records may be kept as views of them;
 * with a room, each piece takes the place of the one before.
 */
export async function readSegment(
  disk: Disk,
  name: string,
  room?: PieceRoom,
): Promise<{
  readonly size: number
  piece(from: number, bytes: number): Promise<Buffer>
  close(): Promise<void>
}> {
  const file = await disk.open(name)
  const size = await file.size()
  return {
    size,
    async piece(from, bytes) {
      const length = Math.max(0, Math.min(bytes, size - from))
      const into = room ? within(room, length) : Buffer.allocUnsafeSlow(length)
      return into.subarray(0, await file.read(into, from))
    },
    close: () => file.close(),
  }
}

function within(room: PieceRoom, length: number): Buffer {
  if (room.bytes.length < length) room.bytes = Buffer.allocUnsafeSlow(length)
  return room.bytes.subarray(0, length)
}
