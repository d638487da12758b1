import type { Guarantees } from '../../../engine.ts'
import { noLimits, noPriorities, type QueueKind } from './queue-arguments.ts'

/** `shared`: other processes use the same ledger. */
export function rabbitGuarantees(kind: QueueKind, shared: boolean): Guarantees {
  const alone = shared ? '' : '; without a shared ledger for the messages of this process only'
  const emulated = (how: string) => ({ emulated: how })
  const ledger = (how: string) => emulated(how + alone)
  return {
    durability: 'native',
    order: emulated(
      kind === 'quorum'
        ? 'what comes back is a copy at the end of the queue; what a dead consumer held is in front'
        : 'what comes back is a copy in front of the queue, by its priority; at the end where there are none',
    ),
    batches: emulated(
      'each message has its own confirm, many in one write; some may have been taken',
    ),
    deduplication: ledger('chosen ids are claimed in the ledger before the publish'),
    priority:
      kind === 'quorum'
        ? { refused: noPriorities }
        : emulated('eleven levels: 10 and more are one; each costs the queue memory'),
    delay: emulated('queues with a time to live, about forty for all delays, one to seven hops'),
    expiry: emulated(
      'RabbitMQ’s time to live, which counts at the head of a queue; the ledger’s deadlines within a second',
    ),
    reinsertion: emulated(
      'the consumer publishes a copy with the attempt counted; the producer sends again what the broker lost',
    ),
    fencing: ledger('by the consumer, and by the ledger: the first outcome stands'),
    ledger: ledger(
      'a SQLite file or PostgreSQL; one read for each turn of deliveries, one write for each of outcomes',
    ),
    callbacks: emulated(
      'published and confirmed before the message is acknowledged, marked in the ledger',
    ),
    gather: ledger('counted in the ledger'),
    cancel: ledger('an outcome in the ledger, and a word to all that are connected'),
    progress: 'native',
    elsewhere: shared
      ? 'native'
      : emulated(
          'without a shared ledger others work and cancel, but know no outcomes but their own',
        ),
    deadLetters: ledger('in the ledger, with the message'),
    depth: kind === 'quorum' ? emulated('RabbitMQ lets a few more in') : 'native',
    overflow: 'native',
    limits: { refused: noLimits },
    counts: emulated('ready and consumers by RabbitMQ; the rest as far as this process knows'),
  }
}
