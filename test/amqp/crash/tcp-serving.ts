/*
 * The broker of another process, as simulated clients see it: the same bytes, over TCP.
 */

import { connect } from 'node:net'
import type { Connection } from '../../../src/amqp/connection.ts'
import type { Serving } from '../simulation/broker-system.ts'

/** Of a connection, a client uses these. */
type FarEnd = Pick<Connection, 'receive' | 'socketClosed' | 'outputDrained'>

export function tcpServing(port: number): Serving {
  return {
    connect(outlet) {
      const socket = connect({ host: '127.0.0.1', port, noDelay: true })
      socket.on('data', (chunk: Buffer) => outlet.write(chunk))
      // A reset is an end like another.
      socket.on('error', () => undefined)
      socket.on('close', () => outlet.close('destroy'))
      const end: FarEnd = {
        receive: (bytes) => void socket.write(bytes),
        socketClosed: () => void socket.destroy(),
        outputDrained: () => undefined,
      }
      return end as Connection
    },
  }
}
