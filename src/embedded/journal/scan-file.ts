import type { Disk } from './disk.ts'

/** A file to be read in pieces. Pieces are new buffers: records are kept as views of them. */
export async function readSegment(
  disk: Disk,
  name: string,
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
      const into = Buffer.allocUnsafeSlow(Math.max(0, Math.min(bytes, size - from)))
      return into.subarray(0, await file.read(into, from))
    },
    close: () => file.close(),
  }
}
