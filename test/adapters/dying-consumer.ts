/*
 * A consumer that is killed at a named step of ending its first message:
 *
 *   work ─▶ worked ─▶ stored ─┬─▶ replied   the producer has it, the callback not
 *                             └─▶ called    the callback has it, the ledger does not know, the producer not
 *                     ─▶ recorded ─▶ settled
 *
 *   node dying-consumer.ts URL LEDGER QUEUE-KIND STEP
 *
 * What it dies by stands around its ledger and its wire, not in them. SIGKILL: nothing is closed, nothing
 * is sent that was not.
 */

import type { Channel, ChannelModel, ConfirmChannel } from 'amqplib'
import { type AmqpConnection, AmqpConnector } from '../../src/adapters/amqp/connection.ts'
import { replyQueue } from '../../src/adapters/amqp/rabbitmq/names.ts'
import type { QueueKind } from '../../src/adapters/amqp/rabbitmq/queue-arguments.ts'
import { RabbitEngineState } from '../../src/adapters/amqp/rabbitmq/rabbit-engine-state.ts'
import { openRabbitLink } from '../../src/adapters/amqp/rabbitmq/rabbit-link.ts'
import { openLinkedEngine } from '../../src/adapters/linked-engine.ts'
import { callbackQueue } from '../../src/message/message.ts'
import { openSharedLedger } from '../../src/shared-ledger/open-shared-ledger.ts'
import type { SharedLedger } from '../../src/shared-ledger/shared-ledger.ts'
import type { Step } from './settle-steps.ts'

const [url = '', file = '', queues = 'quorum', step = ''] = process.argv.slice(2) as [
  string,
  string,
  QueueKind,
  Step,
]

function die(): Promise<never> {
  process.kill(process.pid, 'SIGKILL')
  return never()
}

const never = (): Promise<never> => new Promise(() => undefined)

/** The ledger, and death before or after a call of it. */
function dyingLedger(ledger: SharedLedger): SharedLedger {
  return new Proxy(ledger, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      return async (...args: unknown[]) => {
        if (name === 'end' && step === 'worked') return die()
        const result: unknown = await value.apply(target, args)
        if (name === 'end' && step === 'stored') return die()
        if (name === 'sent' && step === 'recorded') return die()
        return result
      }
    },
  })
}

/** The wire, and death when a publish was confirmed; what would race with it is held back. */
function dyingPublishes(channel: ConfirmChannel): ConfirmChannel {
  const publish = channel.publish.bind(channel)
  channel.publish = (exchange, routingKey, content, options, confirmed) => {
    const isReply = routingKey.startsWith(replyQueue(''))
    const isCallback = routingKey === callbackQueue('done')
    if ((isReply && step === 'called') || (isCallback && step === 'replied')) return true
    const isLast = (isReply && step === 'replied') || (isCallback && step === 'called')
    return publish(exchange, routingKey, content, options, isLast ? () => void die() : confirmed)
  }
  return channel
}

/** The wire, and death when the server has the acknowledgement: it answers what comes behind it. */
function dyingAcknowledgements(channel: Channel): Channel {
  const ack = channel.ack.bind(channel)
  channel.ack = (message, allUpTo) => {
    ack(message, allUpTo)
    if (step === 'settled') void channel.checkQueue('work').then(die)
  }
  return channel
}

function dyingConnection(connection: AmqpConnection): AmqpConnection {
  const { model } = connection
  const createConfirmChannel = model.createConfirmChannel.bind(model)
  const createChannel = model.createChannel.bind(model)
  const wrapped: Partial<ChannelModel> = {
    createConfirmChannel: async () => dyingPublishes(await createConfirmChannel()),
    createChannel: async () => dyingAcknowledgements(await createChannel()),
  }
  return { ...connection, model: Object.assign(model, wrapped) }
}

// An open engine does not keep its process.
setInterval(() => undefined, 60_000)
const ledger = dyingLedger(await openSharedLedger(file))
const onProblem = (text: string): void => console.error(text)
const state = new RabbitEngineState({ ledger, queues, onProblem })
const connector = new AmqpConnector(url)
const engine = await openLinkedEngine({
  open: async (signal) => openRabbitLink(dyingConnection(await connector.connect(signal)), state),
  where: connector.where,
  patienceMs: 30_000,
  onProblem,
  onBack: onProblem,
})
engine.subscribe(
  'work',
  { prefetch: 1 },
  {
    deliver(delivery) {
      const body = new TextEncoder().encode('first')
      const settlement = { kind: 'final', code: 'ok', contentType: 'text/plain', body } as const
      engine.settle(delivery, settlement).catch(onProblem)
    },
    revoke: () => undefined,
  },
)
