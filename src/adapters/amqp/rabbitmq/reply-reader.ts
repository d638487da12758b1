/*
 * The queue that outcomes come to, for the messages that this producer has sent.
 *
 * A name belongs to one process at a time, which holds a queue that only its connection may use (quorum
 * queues know no exclusive readers). The connection of one that died is known to RabbitMQ until its
 * heartbeat fails.
 */

import type { ConsumeMessage } from 'amqplib'
import { HomingError } from '../../../errors.ts'
import type { StoredOutcome } from '../../../message/outcome.ts'
import type { SharedLedger } from '../../../shared-ledger/shared-ledger.ts'
import { nameQueue, replyQueue } from './names.ts'
import type { OpenSends } from './open-sends.ts'
import { QueueReader, type ReaderParts } from './queue-reader.ts'
import { decodeReply } from './wire-reply.ts'

export interface ReplyReaderParts extends ReaderParts {
  readonly name: string
  readonly named: boolean
  readonly ledger: SharedLedger
  readonly openSends: OpenSends
  readonly prepare: () => Promise<void>
  readonly told: (outcome: StoredOutcome) => void
}

const prefetch = 1_000

export async function openReplyReader(parts: ReplyReaderParts): Promise<QueueReader> {
  const queue = replyQueue(parts.name)
  const reader = new QueueReader(parts, {
    queue,
    prefetch,
    prepare: async (channel) => {
      if (parts.named) await channel.assertQueue(nameQueue(parts.name), { exclusive: true })
      await parts.prepare()
    },
    read: (message) => readReply(parts, message),
  })
  try {
    await reader.open()
  } catch (error) {
    if (Reflect.get(Object(Reflect.get(Object(error), 'cause')), 'code') !== 405) throw error
    throw new HomingError(
      'locked',
      `another process reads the replies of the name "${parts.name}" (queue "${queue}"); give each process a name of its own. One that died is known to RabbitMQ until its heartbeat fails`,
      { cause: error, data: { name: parts.name, queue } },
    )
  }
  return reader
}

function readReply(parts: ReplyReaderParts, message: ConsumeMessage): Promise<void> | void {
  let reply: ReturnType<typeof decodeReply>
  try {
    reply = decodeReply(message)
  } catch (error) {
    parts.onProblem(`what is not a reply is dropped from "${replyQueue(parts.name)}": ${error}`)
    return
  }
  if (reply.kind === 'note') {
    parts.openSends.sign(reply.id, reply.availableAtMs)
    return
  }
  const { outcome } = reply
  // A shared ledger has it, and what it has is what was sent. One's own decides which was the first.
  if (parts.ledger.kind !== 'memory') {
    tell(parts, outcome)
    return
  }
  return parts.ledger.end([{ outcome }]).then(([ended]) => {
    if (ended?.state === 'final') tell(parts, ended.outcome)
  })
}

function tell({ openSends, told }: ReplyReaderParts, outcome: StoredOutcome): void {
  openSends.delete(outcome.id)
  told(outcome)
}
