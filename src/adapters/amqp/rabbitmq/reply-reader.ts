/*
 * The queue that outcomes come to, for the messages that this producer has sent.
 *
 * A name belongs to one process at a time, which holds a queue that only its connection may use (quorum
 * queues know no exclusive readers). The connection of one that died is known to RabbitMQ until its
 * heartbeat fails.
 *
 * Without a name the queue is a light one, on one node of a cluster. When that node is away another one
 * is made, and who waits for what went to the first learns it from the ledger.
 */

import type { Channel, ConsumeMessage } from 'amqplib'
import { HomingError } from '../../../errors.ts'
import type { StoredOutcome } from '../../../message/outcome.ts'
import { nameQueue, replyQueue } from './names.ts'
import { QueueReader, type ReaderParts } from './queue-reader.ts'
import type { RabbitEngineState } from './rabbit-engine-state.ts'
import type { Topology } from './topology.ts'
import { decodeReply } from './wire-reply.ts'

export interface ReplyReaderParts extends ReaderParts {
  readonly state: RabbitEngineState
  readonly topology: Topology
  readonly told: (outcome: StoredOutcome) => void
}

const prefetch = 1_000

export async function openReplyReader(parts: ReplyReaderParts): Promise<QueueReader> {
  const { state } = parts
  const reader = new QueueReader(parts, {
    get queue() {
      return replyQueue(state.replyName)
    },
    prefetch,
    prepare: (channel) => prepare(parts, channel),
    read: (message) => readReply(parts, message),
  })
  try {
    await reader.open()
  } catch (error) {
    if (Reflect.get(Object(Reflect.get(Object(error), 'cause')), 'code') !== 405) throw error
    const name = state.replyName
    const queue = replyQueue(name)
    throw new HomingError(
      'locked',
      `another process reads the replies of the name "${name}" (queue "${queue}"); give each process a name of its own. One that died is known to RabbitMQ until its heartbeat fails`,
      { cause: error, data: { name, queue } },
    )
  }
  return reader
}

async function prepare({ state, topology }: ReplyReaderParts, channel: Channel): Promise<void> {
  const { replyName, named } = state
  if (named) {
    // A durable one would stay behind, and in the way, when its node of a cluster is gone.
    await channel.assertQueue(nameQueue(replyName), { exclusive: true, durable: false })
  }
  try {
    await topology.replies(replyName, named)
  } catch (error) {
    if (named || !(error instanceof HomingError) || error.code !== 'unreachable') throw error
    state.renameReplies()
    await topology.replies(state.replyName, named)
  }
}

function readReply(parts: ReplyReaderParts, message: ConsumeMessage): Promise<void> | void {
  let reply: ReturnType<typeof decodeReply>
  try {
    reply = decodeReply(message)
  } catch (error) {
    const queue = replyQueue(parts.state.replyName)
    parts.onProblem(`what is not a reply is dropped from "${queue}": ${error}`)
    return
  }
  if (reply.kind === 'note') {
    parts.state.openSends.sign(reply.id, reply.availableAtMs)
    return
  }
  const { outcome } = reply
  // A shared ledger has it, and what it has is what was sent. One's own decides which was the first.
  if (parts.state.ledger.kind !== 'memory') {
    tell(parts, outcome)
    return
  }
  return parts.state.ledger.end([{ outcome }]).then(([ended]) => {
    if (ended?.state === 'final') tell(parts, ended.outcome)
  })
}

function tell({ state, told }: ReplyReaderParts, outcome: StoredOutcome): void {
  state.openSends.delete(outcome.id)
  told(outcome)
}
