/*
 * Bugs planted in the text of the broker, in a copy of the sources: each must be caught, by one of the
 * invariants named. A checker that misses one of them is not a checker.
 */

import type { Mutation } from '../../simulation/mutations.ts'
import { asksQueue, type BrokerPlan, repliesQueue } from './broker-plan.ts'
import { deadQueue, plainQueue, type QueuePlan } from './topology.ts'

export interface BrokerMutation extends Mutation {
  /** What is declared in runs in which it shows soon; as drawn when not given. */
  readonly queues?: readonly QueuePlan[]
}

/** A slow disk, and much that goes wrong: what is done too early shows soon. */
export function rough(plan: BrokerPlan, { queues }: BrokerMutation): BrokerPlan {
  const steps = Math.min(plan.machine.steps, 50)
  const machine = { ...plan.machine, steps, latencyMs: 5, powerCut: 0.05, strike: 0.9 }
  if (queues === undefined) return { ...plan, machine }
  return { machine, queues, asks: queues.some(({ name }) => name === asksQueue.name) }
}

const dlx = { exchange: 'dlx', key: undefined }
const dying: readonly QueuePlan[] = [
  { ...plainQueue, fan: true, deadLetter: dlx },
  { ...plainQueue, name: 'fleeting', fan: true, ttlMs: 100, deadLetter: dlx },
  deadQueue,
]
const asking: readonly QueuePlan[] = [asksQueue, repliesQueue, deadQueue]
const deletedAsks: QueuePlan = { ...asksQueue, deletes: true }
const quorum: readonly QueuePlan[] = [
  { ...plainQueue, name: 'quorum', type: 'quorum', deliveryLimit: 1, deadLetter: dlx },
  deadQueue,
]
const short: readonly QueuePlan[] = [{ ...plainQueue, name: 'short', lengthMax: 2 }, deadQueue]
const ranked: readonly QueuePlan[] = [{ ...plainQueue, name: 'ranked', priorityMax: 5 }, deadQueue]
const alone: readonly QueuePlan[] = [
  { ...plainQueue, name: 'alone', singleActive: true },
  deadQueue,
]

export const brokerMutations: readonly BrokerMutation[] = [
  {
    name: 'a publish is confirmed before the sync',
    invariants: [1, 2],
    file: 'amqp/publishing.ts',
    find: 'if (upTo !== undefined) host.whenDurable((error) => this.#durable(upTo, error))',
    replace: 'if (upTo !== undefined) this.#durable(upTo, undefined)',
  },
  {
    name: 'the redelivered flag is forgotten',
    invariants: [10],
    file: 'amqp/channel-consumer.ts',
    find: 'output.writer.deliver(number, this.#tagBytes, tag, redelivered, exchange, routingKey)',
    replace: 'output.writer.deliver(number, this.#tagBytes, tag, false, exchange, routingKey)',
  },
  {
    name: 'what was given back stands behind younger ones',
    invariants: [14, 15],
    file: 'embedded/queue/queue.ts',
    find: 'a.priority === b.priority ? a.position < b.position',
    replace: 'a.priority === b.priority ? a.position > b.position',
  },
  {
    name: 'a dead letter leaves its queue before its copy is written',
    invariants: [37],
    queues: dying,
    file: 'embedded/settling.ts',
    find: '    this.copyDead(live, message, reason)\n    this.remove(live, [entry])',
    replace:
      '    this.remove(live, [entry])\n    this.#core.journal.whenDurable(() => this.copyDead(live, message, reason))',
  },
  {
    name: 'behind a hole in a torn batch everything is taken away',
    invariants: [1, 2, 37],
    queues: dying,
    file: 'embedded/withheld.ts',
    find: 'if (!this.#isHoled || !takesAway(frame, buffer)) return false',
    replace: 'if (this.#isHoled || !takesAway(frame, buffer)) return false',
  },
  {
    name: 'what is not to be acknowledged is handed over before that is on record',
    invariants: [10, 16],
    file: 'embedded/delivering.ts',
    find: 'this.#write(live, recordTypes.remove, stored, isHandedOver)',
    replace: '',
  },
  {
    name: 'compaction brings back what is gone on record',
    invariants: [10, 16, 19],
    file: 'embedded/gone-on-record.ts',
    find: 'holder instanceof HeldDelivery && holder.isGoneOnRecord',
    replace: 'holder instanceof HeldDelivery && holder.tag < 0',
  },
  {
    name: 'a queue is deleted on record before its messages have their outcomes',
    invariants: [1, 2],
    queues: [deletedAsks, repliesQueue, deadQueue],
    file: 'embedded/topology.ts',
    find: '    const discarded = discard()\n',
    replace:
      "    if (live.durable) this.#write({ op: 'queue-deleted', number })\n    this.#core.journal.whenDurable(() => undefined)\n    const discarded = this.#core.journal.durable().then(() => discard())\n",
  },
  {
    name: 'a reply is shown before it is durable',
    invariants: [24],
    queues: asking,
    file: 'virtual-host/results.ts',
    find: 'message.waitsForDisk = true',
    replace: 'message.waitsForDisk = false',
  },
  {
    name: 'the prefetch is ignored',
    invariants: [12],
    file: 'virtual-host/host-consumer.ts',
    find: 'prefetch: noAck || prefetch === 0 ? Number.POSITIVE_INFINITY : prefetch,',
    replace: 'prefetch: Number.POSITIVE_INFINITY,',
  },
  {
    name: 'the prefetch of a channel is ignored',
    invariants: [12],
    file: 'amqp/channel-consumer.ts',
    find: 'sharedPrefetch === 0 || settling.consumed',
    replace: 'sharedPrefetch >= 0 || settling.consumed',
  },
  {
    name: 'an acknowledgement of several leaves the first one',
    invariants: [12, 16, 11, 41, 19, 1],
    file: 'amqp/unacknowledged.ts',
    find: 'for (let place = this.#from; place < end; place++) this.#takeAt(place, into)',
    replace:
      'for (let place = this.#from + (into.count === 0 && end - this.#from > 1 ? 1 : 0); place < end; place++) this.#takeAt(place, into)',
  },
  {
    name: 'a confirm of several speaks for one that is not durable yet',
    invariants: [1, 2, 3, 5],
    file: 'amqp/confirms.ts',
    find: "      if (run.fate === 'waiting') break\n      if (run.fate === 'told') continue",
    replace: "      if (run.fate === 'told') continue",
  },
  {
    name: 'what leads nowhere is confirmed and not returned',
    invariants: [3],
    file: 'amqp/publishing.ts',
    find: 'const returned = this.#returnUnroutable(fate, message, mandatory)',
    replace: 'const returned = false',
  },
  {
    name: 'a rejected message is given back',
    invariants: [36, 11, 37, 41],
    file: 'amqp/settling.ts',
    find: "this.#settle(reader.requeue ? 'requeue' : 'reject')",
    replace: "this.#settle(reader.requeue ? 'reject' : 'requeue')",
  },
  {
    name: 'a purge forgets one message',
    invariants: [40, 41, 17],
    file: 'embedded/ending.ts',
    find: 'if (entry.state === entryStates.held) continue',
    replace: 'if (entry.state === entryStates.held || count > 0) continue',
  },
  {
    name: 'a transaction that is rolled back publishes all the same',
    invariants: [5],
    file: 'amqp/transaction.ts',
    find: '    this.#published = []\n    this.#settled = []\n    this.#bytes = 0',
    replace: '    this.#settled = []\n    this.#bytes = 0',
  },
  {
    name: 'what is handed out together is handed out backwards',
    invariants: [13],
    file: 'embedded/handing-out.ts',
    find: 'handOut(deliveries: readonly HeldDelivery[]): void {',
    replace:
      'handOut(inOrder: readonly HeldDelivery[]): void {\n    const deliveries = inOrder.toReversed()',
  },
  {
    name: 'priorities are ignored',
    invariants: [18],
    file: 'embedded/live-queue.ts',
    find: 'return priorityMax === undefined ? message.priority : Math.min(message.priority, priorityMax)',
    replace: 'return priorityMax === undefined ? message.priority : 0',
    queues: ranked,
  },
  {
    name: 'a full queue takes two too many',
    invariants: [39],
    queues: short,
    file: 'embedded/plain-publishing.ts',
    find: '(depthMax !== undefined && live.queue.waiting + count > depthMax)',
    replace: '(depthMax !== undefined && live.queue.waiting + count > depthMax + 2)',
  },
  {
    name: 'deliveries are not counted towards the limit',
    invariants: [36],
    queues: quorum,
    file: 'embedded/bulk-settling.ts',
    find: 'const isOver = counted && deliveryLimit !== undefined && returns > deliveryLimit',
    replace: 'const isOver = counted && deliveryLimit !== undefined && returns > deliveryLimit + 5',
  },
  {
    name: 'of a single active consumer, another one is served too',
    invariants: [18],
    queues: alone,
    file: 'embedded/live-queue.ts',
    find: 'if (this.queue.settings.singleActive) return this.#active()\n    return this.#ranked',
    replace: 'return this.#ranked',
  },
]
