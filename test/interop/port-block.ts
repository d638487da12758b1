/*
 * Ports of one test, beside those of other tests that run at the same time.
 *
 *   21400  held for as long as the block is used: the lock
 *   21401  the cutting proxy, where clients connect
 *   21402  the broker
 *
 * They lie below the ports that the system gives to outgoing connections, so that a port stays free
 * while its listener is away: a restart of the broker is a refused connection to its clients.
 */

import { once } from 'node:events'
import { createServer, type Server } from 'node:net'

const firstPort = 21_400
const blockPorts = 4
const blocksMax = 25

export interface PortBlock extends AsyncDisposable {
  readonly proxyPort: number
  readonly brokerPort: number
}

export async function takePortBlock(): Promise<PortBlock> {
  for (let block = 0; block < blocksMax; block++) {
    const port = firstPort + block * blockPorts
    const lock = await listening(port)
    if (lock === undefined) continue
    // A run that was killed may have left a broker behind.
    if (!((await isFree(port + 1)) && (await isFree(port + 2)))) {
      lock.close()
      continue
    }
    return {
      proxyPort: port + 1,
      brokerPort: port + 2,
      [Symbol.asyncDispose]: async () => {
        lock.close()
        await once(lock, 'close')
      },
    }
  }
  throw new Error(`all ${blocksMax} blocks of ports from ${firstPort} are taken`)
}

async function isFree(port: number): Promise<boolean> {
  const server = await listening(port)
  if (server === undefined) return false
  server.close()
  await once(server, 'close')
  return true
}

async function listening(port: number): Promise<Server | undefined> {
  const server = createServer((socket) => socket.destroy()).listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
    return server
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return undefined
    throw error
  }
}
