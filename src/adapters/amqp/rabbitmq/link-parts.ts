/*
 * The parts of a link, opened in the order in which they need each other.
 */

import type { ChannelModel } from 'amqplib'
import { HomingError } from '../../../errors.ts'
import type { StoredOutcome } from '../../../message/outcome.ts'
import { unsupported } from '../../../unsupported.ts'
import type { AmqpConnection } from '../connection.ts'
import { Arrivals } from './arrivals.ts'
import { type DeadReaderParts, deadReader } from './dead-reader.ts'
import { Events } from './events.ts'
import { Finishing } from './finishing.ts'
import { HeldDeliveries } from './held-deliveries.ts'
import { LinkEnd } from './link-end.ts'
import { replyQueue } from './names.ts'
import { Publisher } from './publisher.ts'
import { Publishing } from './publishing.ts'
import { engineKind } from './queue-arguments.ts'
import type { QueueReader } from './queue-reader.ts'
import type { RabbitEngineState } from './rabbit-engine-state.ts'
import { openReplyReader } from './reply-reader.ts'
import { Sending } from './sending.ts'
import { Settling } from './settling.ts'
import { SizeLimit } from './size-limit.ts'
import { Sweeping } from './sweeping.ts'
import { Topology } from './topology.ts'
import { Waiters } from './waiters.ts'

export interface LinkParts {
  readonly connection: ChannelModel
  readonly end: LinkEnd
  readonly topology: Topology
  readonly publishing: Publishing
  readonly settling: Settling
  readonly finishing: Finishing
  readonly sizes: SizeLimit
  readonly arrivals: Arrivals
  readonly sweeping: Sweeping
  readonly waiters: Waiters
  readonly events: Events
  readonly held: HeldDeliveries
  /** Somebody else has ended the message. */
  readonly ended: (id: string, code: string) => void
  close(): Promise<void>
}

export async function openLinkParts(
  amqp: AmqpConnection,
  state: RabbitEngineState,
): Promise<LinkParts> {
  checkVersion(amqp)
  const { ledger, clock, nowMs, mintId, openSends, onProblem, kind, counts } = state
  const connection = amqp.model
  const end = new LinkEnd(amqp)
  const isOver = (): boolean => end.reason !== undefined
  const common = { connection, ledger, clock, nowMs, mintId, openSends, onProblem, isOver }
  const topology = new Topology(connection, kind)
  const publisher = new Publisher(connection)
  void end.lost.then((reason) => publisher.end(reason))
  await topology.prepare()
  await publisher.open()
  const sending = new Sending(topology, publisher, clock, nowMs)
  const waiters = new Waiters(onProblem)
  const told = (outcome: StoredOutcome): void => {
    openSends.delete(outcome.id)
    if (!isOver()) waiters.tell(outcome)
  }
  const sizes = new SizeLimit(connection)
  const finishing = new Finishing({ ...common, sending, sizes, told })
  const settling = new Settling({ ...common, sending, finishing })
  void end.lost.then(() => settling.end())
  const held = new HeldDeliveries(counts)
  const ended = endedElsewhere(state, { held, settling, waiters, told })
  const events = new Events(common, ended)
  const readers = await openReaders(state, { ...common, topology, finishing, told, events })
  const reply = (): string => replyQueue(state.replyName)
  const accepted = (queue: string): void => void counts.of(queue).accepted++
  const sweeping = new Sweeping({
    ...{ ...common, finishing, sending, topology, events, waiters, reply },
  })
  return {
    ...{
      connection,
      end,
      topology,
      settling,
      finishing,
      sizes,
      sweeping,
      waiters,
      events,
      held,
      ended,
    },
    publishing: new Publishing({ ...common, sending, kind, reply, accepted }),
    arrivals: new Arrivals({ ...common, sending, finishing, publisher, held }),
    async close() {
      // From here on nothing is tried again. The connection takes its channels along, in order.
      end.end(new HomingError('closed', 'the link to RabbitMQ was closed'))
      for (const reader of readers) reader.flush()
      await sweeping.close()
      await amqp.close()
    },
  }
}

interface Reading extends DeadReaderParts {
  readonly topology: Topology
  readonly events: Events
  readonly told: (outcome: StoredOutcome) => void
}

/** All that is read from the first moment. */
async function openReaders(
  state: RabbitEngineState,
  parts: Reading,
): Promise<readonly QueueReader[]> {
  await parts.events.open()
  const replies = await openReplyReader({ ...parts, state })
  const dead = deadReader(parts)
  await dead.open()
  return [replies, dead]
}

interface Concerned {
  readonly held: HeldDeliveries
  readonly settling: Settling
  readonly waiters: Waiters
  readonly told: (outcome: StoredOutcome) => void
}

/** Consumers lose what they hold of it; who waits, or has sent it, learns what became of it. */
function endedElsewhere(
  { ledger, openSends }: RabbitEngineState,
  { held, settling, waiters, told }: Concerned,
): (id: string, code: string) => void {
  return (id, code) => {
    const reason = code === 'expired' ? 'expired' : 'canceled'
    for (const one of held.of(id)) settling.ended(one, reason)
    if (!waiters.has(id) && !openSends.has(id)) return
    ledger.lookUp([id]).then(
      ([entry]) => {
        if (entry?.state === 'final') told(entry.outcome)
      },
      // It is asked for again.
      () => undefined,
    )
  }
}

/** Quorum queues with a time to live, and dead letters that arrive: since 3.10. */
function checkVersion({ serverProperties, where }: AmqpConnection): void {
  const { version } = serverProperties
  const [major = 0, minor = 0] = String(version).split('.').map(Number)
  if (major > 3 || (major === 3 && minor >= 10)) return
  throw unsupported(
    engineKind,
    `RabbitMQ ${version}`,
    `${where} is too old: it takes 3.10, whose quorum queues have a time to live`,
  )
}
