/*
 * Stands between a client and the broker, and cuts.
 *
 *   client ══▶ proxy ══▶ broker
 *          ╳         ╳          cut(): both ends see a reset, as when a machine between them dies
 *
 * It passes bytes on as they come, both ways, and closes one side when the other closes.
 */

import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

export interface CuttingProxy {
  /** Resets every connection there is. New ones are taken at once. */
  cut(): void
  /** Refuses new connections until `open`; those there are go on. */
  close(): void
  open(): Promise<void>
  /** Cuts, and listens no more. */
  stop(): Promise<void>
}

export async function startCuttingProxy(from: number, to: number): Promise<CuttingProxy> {
  const sockets = new Set<Socket>()
  const cut = (): void => {
    for (const socket of sockets) reset(socket)
  }
  let server: Server | undefined
  const close = (): void => {
    server?.close()
    server = undefined
  }
  const open = async (): Promise<void> => {
    server = createServer((client) => pass(client, to, sockets)).listen(from, '127.0.0.1')
    await once(server, 'listening')
  }
  await open()
  return {
    cut,
    close,
    open,
    async stop() {
      const closing = server
      const closed = closing && once(closing, 'close')
      close()
      cut()
      await closed
    },
  }
}

function pass(client: Socket, to: number, sockets: Set<Socket>): void {
  const broker = connect(to, '127.0.0.1')
  for (const [socket, other] of [
    [client, broker],
    [broker, client],
  ] as const) {
    sockets.add(socket)
    socket.setNoDelay(true)
    // A reset is what this is for; `close` follows and tells the other side.
    socket.on('error', () => {})
    socket.once('close', (failed) => {
      sockets.delete(socket)
      if (failed) reset(other)
    })
    socket.pipe(other)
  }
}

function reset(socket: Socket): void {
  // A reset of a socket that is shutting down keeps Node.js from ending.
  if (socket.writableEnded) socket.destroy()
  else socket.resetAndDestroy()
}
