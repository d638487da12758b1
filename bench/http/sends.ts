/*
 * One message of 100 bytes a request, answered when it is on disk, on connections that stay open.
 */

import { withUse } from '../amqp/measured-use.ts'
import { closedLoop, type Load, type LoadResult } from '../client/closed-loop.ts'
import { Connections, type Target } from './connections.ts'

export interface HttpSendsSettings extends Target {
  readonly pid: number
  readonly load: Load
}

const body = JSON.stringify({ order: 12_345, note: 'x'.repeat(74) })

export async function runHttpSends(settings: HttpSendsSettings): Promise<LoadResult> {
  const { pid, load } = settings
  const connections = new Connections(settings, load.inFlight)
  const place = '/api/queues/%2F/bench-sends/messages'
  const trip = async (): Promise<void> => {
    await connections.ask({ method: 'POST', path: place, body })
  }
  const result = await withUse([pid], load, () => closedLoop(load, trip))
  await connections.ask({ method: 'DELETE', path: place })
  connections.close()
  return result
}
