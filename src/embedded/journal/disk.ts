/*
 * The disk, as the journal sees it: few operations, so that a simulated one can fail, cut, shorten or
 * lose each of them. The real one is real-disk.ts, the simulated one is in testing/.
 *
 * Names are plain file names inside one directory; the Disk is that directory.
 * A file's data is durable after `sync`; a new, renamed or removed name after `syncDirectory`.
 */

export interface DiskFile {
  /** Writes all of it at the position, in one call; rejects when not every byte was taken. */
  write(bytes: Uint8Array, position: number): Promise<void>
  /**
   * Write and sync in one operation, where the device can: one way to the disk instead of two.
   * Rejects as either of them would; then nothing of it counts.
   */
  writeSynced?(bytes: Uint8Array, position: number): Promise<void>
  /** fdatasync. After a failed one the data must be taken for lost: never call it again. */
  sync(): Promise<void>
  /** Bytes read; fewer than asked at the end of the file. */
  read(into: Uint8Array, position: number): Promise<number>
  size(): Promise<number>
  close(): Promise<void>
}

export interface Disk {
  /** Makes an empty file; rejects when the name exists. */
  create(name: string): Promise<DiskFile>
  /** Opens an existing file for reading and writing. */
  open(name: string): Promise<DiskFile>
  list(): Promise<readonly string[]>
  /** Replaces the target if it exists. */
  rename(from: string, to: string): Promise<void>
  remove(name: string): Promise<void>
  syncDirectory(): Promise<void>
  /** Bytes a user may still write, or Infinity when unknown. */
  freeBytes(): Promise<number>
}
