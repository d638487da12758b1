/*
 * A socket before the server's that can lose the answer to a commit: the server has committed, the
 * client is told nothing, and its connection is gone.
 */

import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface CommitLosingProxy extends AsyncDisposable {
  /** The same database, through the proxy. */
  readonly address: string
  loseNextCommit(): void
  /** Answers lost so far. */
  lost(): number
}

const socketName = '.s.PGSQL.5432'
/** As CommandComplete says it: PostgreSQL's manual, message formats. */
const committed = Buffer.from('COMMIT\0')

export async function commitLosingProxy(address: string): Promise<CommitLosingProxy> {
  const behind = decodeURIComponent(/host=([^&]*)/.exec(address)?.[1] ?? '')
  const directory = mkdtempSync(join(tmpdir(), 'homing-proxy-'))
  const sockets = new Set<Socket>()
  let isArmed = false
  let lost = 0
  const listening = createServer((client) => {
    const upstream = connect(join(behind, socketName))
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        client.destroy()
        upstream.destroy()
      })
    }
    client.pipe(upstream)
    upstream.on('data', (bytes: Buffer) => {
      if (!isArmed || !bytes.includes(committed)) {
        client.write(bytes)
        return
      }
      isArmed = false
      lost++
      client.destroy()
    })
  })
  listening.listen(join(directory, socketName))
  await once(listening, 'listening')
  return {
    address: address.replace(/host=[^&]*/, `host=${encodeURIComponent(directory)}`),
    loseNextCommit: () => {
      isArmed = true
    },
    lost: () => lost,
    [Symbol.asyncDispose]: async () => {
      listening.close()
      for (const socket of sockets) socket.destroy()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
