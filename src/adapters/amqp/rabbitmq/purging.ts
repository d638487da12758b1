/*
 * Removes what waits in a queue, each message with its outcome: they are taken one by one, for RabbitMQ's
 * own purge would drop them without a word. What waits in delay queues is not in this queue yet.
 */

import { brokerFault } from './broker-fault.ts'
import { jsonBody } from './json-body.ts'
import type { LinkParts } from './link-parts.ts'
import type { RabbitEngineState } from './rabbit-engine-state.ts'
import { type Carried, decodeMessage } from './wire-message.ts'

/** Messages taken and not yet ended. */
const atOnce = 100

export async function purge(
  { connection, topology, finishing }: LinkParts,
  { nowMs, mintId, onProblem }: RabbitEngineState,
  queue: string,
): Promise<number> {
  const found = await topology.find(queue)
  if (found === undefined) return 0
  let fault: unknown
  const channel = await connection.createChannel()
  channel.on('error', (error: Error) => {
    fault = error
  })
  /** True when there was one. */
  const purgeOne = async (): Promise<boolean> => {
    const message = await channel.get(queue)
    if (message === false) return false
    const carried = decoded(message, queue, nowMs(), mintId)
    if (carried === undefined) onProblem(`a message of queue "${queue}" is purged unread`)
    else {
      const { message: purged, acceptedAtMs, attempts, reply } = carried
      const outcome = {
        id: purged.id,
        queue,
        code: 'canceled',
        ...jsonBody({ reason: 'queue purged' }),
        attempts,
        acceptedAtMs,
        finishedAtMs: nowMs(),
      }
      const { sent } = await finishing.finish({ outcome, message: purged, reply })
      await sent
    }
    channel.ack(message)
    return true
  }
  try {
    let count = 0
    // Those that come meanwhile are for later.
    for (let left = found.messageCount; left > 0; left -= atOnce) {
      const purged = await Promise.all(Array.from({ length: Math.min(left, atOnce) }, purgeOne))
      count += purged.filter(Boolean).length
      if (purged.includes(false)) break
    }
    await channel.close()
    return count
  } catch (error) {
    throw brokerFault(fault ?? error, `purge queue "${queue}"`)
  }
}

function decoded(...given: Parameters<typeof decodeMessage>): Carried | undefined {
  try {
    return decodeMessage(...given)
  } catch {
    return undefined
  }
}
