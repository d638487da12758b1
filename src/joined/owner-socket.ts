/*
 * The socket of a data directory, in the process that holds its lock.
 *
 *   DIR/homing.sock.new/   0700 ─▶ bound and listening in it ─▶ 0600 ─▶ renamed to DIR/homing.sock
 *
 * Rules: nobody but the owner's user can connect, from the first moment. There is at most one, for only
 * who holds the lock makes or removes it; what a dead owner left is replaced. It keeps no process alive,
 * and neither do those who connect.
 */

import fs from 'node:fs'
import type net from 'node:net'
import { join } from 'node:path'
import type { DirectoryLock } from '../embedded/directory-lock.ts'
import { shortPath, socketName } from './socket-place.ts'

// Node removes the name that it bound when it closes, whatever that leads to by then: no other file has it.
const boundName = 'homing-bound.sock'

export interface OwnerSocket {
  /** Takes nobody any more, and removes the socket. Whom it took stays. */
  close(): void
}

/** Joiners that the system lets wait until they are taken. */
const backlog = 511

/**
 * Calls `take` for each that connects. Undefined where there can be no socket: whoever wants to join is told
 * why then, and nobody else needs to know.
 */
export async function openOwnerSocket(
  directory: string,
  lock: DirectoryLock,
  take: (socket: net.Socket) => void,
): Promise<OwnerSocket | undefined> {
  try {
    return await listen(directory, take)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    tell(lock, `it cannot be joined: ${why.replaceAll(/\s+/g, ' ')}`)
    return undefined
  }
}

/** On a full disk they wait in vain, and are told that much. */
function tell(lock: DirectoryLock, why: string): void {
  try {
    lock.refuseJoiners(why)
  } catch {}
}

async function listen(directory: string, take: (socket: net.Socket) => void): Promise<OwnerSocket> {
  const { createServer } = await import('node:net')
  const beside = join(directory, `${socketName}.new`)
  fs.rmSync(beside, { recursive: true, force: true })
  fs.mkdirSync(beside, { mode: 0o700 })
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.unref()
    take(socket)
  })
  try {
    await listening(server, beside)
    fs.chmodSync(join(beside, boundName), 0o600)
    fs.renameSync(join(beside, boundName), join(directory, socketName))
  } catch (error) {
    server.close()
    throw error
  } finally {
    fs.rmSync(beside, { recursive: true, force: true })
  }
  server.unref()
  // Such as too many open files: who waits is taken later.
  server.on('error', () => undefined)
  return {
    close: () => {
      fs.rmSync(join(directory, socketName), { force: true })
      server.close()
    },
  }
}

function listening(server: net.Server, beside: string): Promise<void> {
  const short = shortPath(beside, boundName)
  return new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    // In a cluster's worker, too: its primary process is none of ours.
    server.listen({ path: short.path, backlog, exclusive: true }, () => {
      server.off('error', reject)
      resolve()
    })
  }).finally(() => short[Symbol.dispose]())
}
