/*
 * Where the socket of a data directory is: DIR/homing.sock, by a name that the system takes.
 *
 *   the full path ─▶ too long? ─▶ /proc/self/fd/N/homing.sock, with the directory open as N (Linux)
 *
 * The address of a socket has room for 107 bytes on Linux, 103 on macOS. Both names lead to the same
 * file, so that each end chooses for itself.
 */

import fs from 'node:fs'
import { join } from 'node:path'
import { HomingError } from '../errors.ts'

export const socketName = 'homing.sock'

/** Of a socket's address, without the NUL at its end, where there is least. */
export const socketPathBytesMax = 103

const openFiles = '/proc/self/fd'

/** A name that is short enough for as long as it is not disposed of. */
export interface ShortPath extends Disposable {
  readonly path: string
}

/** Fails with `unsupported` when there is none. */
export function shortPath(directory: string, name: string, through = openFiles): ShortPath {
  const path = join(directory, name)
  if (Buffer.byteLength(path) <= socketPathBytesMax) {
    return { path, [Symbol.dispose]: () => undefined }
  }
  if (!fs.existsSync(through)) {
    throw new HomingError(
      'unsupported',
      `${path} is longer than the ${socketPathBytesMax} bytes that the path of a socket may have here; several processes need a data directory with a shorter path`,
    )
  }
  const fd = fs.openSync(directory, fs.constants.O_RDONLY | fs.constants.O_DIRECTORY)
  return { path: join(through, String(fd), name), [Symbol.dispose]: () => fs.closeSync(fd) }
}
