import type { Socket } from 'node:net'

/**
 * amqplib hands the socket one message after the other, and each would be a system call of its own, and
 * a small packet for the server to wake up for. What it hands over in one step goes out as one.
 */
export function joinWrites(socket: Pick<Socket, 'write' | 'cork' | 'uncork'>): void {
  const write = socket.write.bind(socket) as (...given: unknown[]) => boolean
  let isJoining = false
  const send = (): void => {
    isJoining = false
    socket.uncork()
  }
  socket.write = (...given: unknown[]): boolean => {
    if (!isJoining) {
      isJoining = true
      socket.cork()
      process.nextTick(send)
    }
    return write(...given)
  }
}
