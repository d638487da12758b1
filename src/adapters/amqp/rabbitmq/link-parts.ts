/*
 * The parts of a link, opened in the order in which they need each other.
 */

import type { ChannelModel } from 'amqplib'
import { HomingError } from '../../../errors.ts'
import { unsupported } from '../../../unsupported.ts'
import type { AmqpConnection } from '../connection.ts'
import { Arrivals } from './arrivals.ts'
import { deadReader } from './dead-reader.ts'
import { Events } from './events.ts'
import { Finishing } from './finishing.ts'
import type { HeldDelivery } from './held-delivery.ts'
import { LinkEnd } from './link-end.ts'
import { replyQueue } from './names.ts'
import { Publisher } from './publisher.ts'
import { Publishing } from './publishing.ts'
import { engineKind } from './queue-arguments.ts'
import type { RabbitEngineState } from './rabbit-engine-state.ts'
import { openReplyReader } from './reply-reader.ts'
import { Sending } from './sending.ts'
import { Settling } from './settling.ts'
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
  readonly arrivals: Arrivals
  readonly sweeping: Sweeping
  readonly waiters: Waiters
  readonly events: Events
  readonly nextTag: () => number
  readonly held: (held: HeldDelivery) => void
  readonly released: (held: HeldDelivery) => void
  readonly heldOf: (queue: string) => number
  /** Somebody else has ended the message. */
  readonly ended: (id: string, code: string) => void
  close(): Promise<void>
}

export async function openLinkParts(
  amqp: AmqpConnection,
  state: RabbitEngineState,
): Promise<LinkParts> {
  checkVersion(amqp)
  const connection = amqp.model
  const { ledger, clock, nowMs, mintId, openSends, onProblem, kind } = state
  const end = new LinkEnd(amqp)
  const isOver = (): boolean => end.reason !== undefined
  const topology = new Topology(connection, kind)
  const publisher = new Publisher(connection)
  void end.lost.then((reason) => publisher.end(reason))
  await topology.prepare()
  await publisher.open()
  const sending = new Sending(topology, publisher, nowMs)
  const waiters = new Waiters(onProblem)
  const told = (outcome: Parameters<Waiters['tell']>[0]): void => {
    openSends.delete(outcome.id)
    if (!isOver()) waiters.tell(outcome)
  }
  const finishing = new Finishing({ ledger, sending, clock, onProblem, told, isOver })
  const common = { clock, nowMs, onProblem, isOver }
  const settling = new Settling({ ...common, ledger, sending, finishing })
  const held = new Map<string, Set<HeldDelivery>>()
  const isHeld = (id: string): boolean =>
    [...(held.get(id) ?? [])].some((one) => one.over === undefined)
  const ended = (id: string, code: string): void => {
    const reason = code === 'expired' ? 'expired' : 'canceled'
    for (const one of [...(held.get(id) ?? [])]) settling.ended(one, reason)
    if (!waiters.has(id) && !openSends.has(id)) return
    ledger.lookUp([id]).then(
      ([entry]) => {
        if (entry?.state === 'final') told(entry.outcome)
      },
      () => undefined,
    )
  }
  const reading = { connection, clock, onProblem, isOver }
  const events = new Events(reading, ended)
  await events.open()
  const replies = await openReplyReader({
    ...reading,
    name: state.replyName,
    ledger,
    openSends,
    told,
    prepare: () => topology.replies(state.replyName, state.named),
  })
  const dead = deadReader({ ...reading, finishing, nowMs, mintId })
  await dead.open()
  const reply = replyQueue(state.replyName)
  const sweeping = new Sweeping({
    ...{ ...common, ledger, finishing, sending, topology, events, openSends, waiters, reply },
  })
  const accepted = (queue: string): void => {
    state.counts.of(queue).accepted++
  }
  let tags = 0
  return {
    ...{ connection, end, topology, settling, finishing, sweeping, waiters, events, ended },
    publishing: new Publishing({ ledger, sending, openSends, clock, nowMs, kind, reply, accepted }),
    arrivals: new Arrivals({ ...common, ledger, sending, finishing, publisher, mintId, isHeld }),
    nextTag: () => ++tags,
    held: (one) => {
      state.counts.of(one.queue).delivered++
      const { id } = one.message
      const others = held.get(id)
      if (others === undefined) held.set(id, new Set([one]))
      else others.add(one)
    },
    released: (one) => {
      if (one.over === 'settled') state.counts.of(one.queue).settled++
      const { id } = one.message
      const others = held.get(id)
      others?.delete(one)
      if (others?.size === 0) held.delete(id)
    },
    heldOf: (queue) =>
      [...held.values()].reduce(
        (sum, ones) => sum + [...ones].filter((one) => one.queue === queue).length,
        0,
      ),
    async close() {
      await sweeping.close()
      const parting = [events, replies, dead, publisher, topology].map((one) => one.close())
      await end.race(Promise.all(parting)).catch(() => undefined)
      end.end(new HomingError('closed', 'the link to RabbitMQ was closed'))
      await amqp.close()
    },
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
