/*
 * Queues as RabbitMQ's API shows them, with what is ours in `homing`.
 */

import type { QueueFigures } from '../../embedded/figures-port.ts'
import type { QueueView } from '../../virtual-host/view.ts'
import type { Caller } from '../caller.ts'
import type { QueueDetail, QueueExtras, QueueObject } from '../shapes/queue.ts'
import { consumersOf } from './consumer-objects.ts'
import { jsonFromTable } from './json-table.ts'
import { countsOf, messageStats } from './message-stats.ts'
import { type FiguresByQueue, figuresByQueue } from './queue-figures.ts'
import type { RateOf } from './rates.ts'
import type { Showing } from './showing.ts'
import { type Visibility, visibilityOf } from './visibility.ts'

export interface QueueCounts {
  readonly figures: FiguresByQueue
  readonly rate: RateOf
}

/** What is counted of all queues, with rates. */
export function queueCounts(showing: Showing): QueueCounts {
  const figures = figuresByQueue(showing.site.engine)
  const counts = new Map([...figures].map(([name, one]) => [name, countsOf(one)]))
  return { figures, rate: showing.queueRates.look(counts) }
}

export interface QueuesAsked {
  readonly vhost?: string | undefined
  /** Without counts and rates. */
  readonly isPlain?: boolean
}

/** Those that the caller may see. */
export async function queueObjects(
  showing: Showing,
  caller: Caller,
  { vhost, isPlain = false }: QueuesAsked = {},
): Promise<readonly QueueObject[]> {
  const counts = isPlain ? undefined : queueCounts(showing)
  return showing.views(caller, vhost).flatMap(([name, view]) => {
    const visibility = visibilityOf(caller, name)
    const shown = view.queues().filter((queue) => visibility.sees(queue.name))
    return shown.map((queue) => queueObject(queue, { showing, vhost: name, counts, visibility }))
  })
}

/** Undefined when there is none, or the caller may not see it. */
export async function queueDetail(
  showing: Showing,
  caller: Caller,
  { vhost, name, isPlain = false }: QueuesAsked & { readonly vhost: string; readonly name: string },
): Promise<QueueDetail | undefined> {
  const queue = showing.host(vhost)?.view.queue(name)
  const visibility = visibilityOf(caller, vhost)
  if (queue === undefined || !visibility.sees(name)) return undefined
  const counts = isPlain ? undefined : queueCounts(showing)
  const consumers = consumersOf(showing, caller, { vhost, queue: name })
  const owner = showing.site.server
    .connections()
    .find((connection) => connection.name === queue.ownerConnection)
  return {
    ...queueObject(queue, { showing, vhost, counts, visibility }),
    ...(!isPlain && { consumer_details: [...consumers] }),
    ...(owner !== undefined && {
      owner_pid_details: {
        name: owner.name,
        peer_host: owner.peer.address,
        peer_port: owner.peer.port,
      },
    }),
  }
}

interface QueueContext {
  readonly showing: Showing
  readonly vhost: string
  readonly counts: QueueCounts | undefined
  readonly visibility: Visibility
}

function queueObject(queue: QueueView, context: QueueContext): QueueObject {
  const { showing, vhost, counts } = context
  const figures = counts?.figures.get(queue.engineName)
  return {
    name: queue.name,
    vhost,
    type: queue.type,
    durable: queue.durable,
    exclusive: queue.exclusive,
    auto_delete: queue.autoDelete,
    arguments: jsonFromTable(queue.args),
    node: showing.node,
    state: 'running',
    policy: queue.policy ?? null,
    operator_policy: queue.operatorPolicy ?? null,
    effective_policy_definition: Object.fromEntries(queue.effective),
    exclusive_consumer_tag: queue.exclusiveConsumer ?? null,
    single_active_consumer_tag: queue.singleActiveConsumer ?? null,
    ...(counts !== undefined && figures !== undefined && counted(queue, figures, counts, context)),
  }
}

function counted(
  queue: QueueView,
  figures: QueueFigures,
  counts: QueueCounts,
  { visibility }: QueueContext,
) {
  const rate = (counter: string) => counts.rate(queue.engineName, counter)
  const { ready, unsettled } = figures
  return {
    messages: ready + unsettled,
    messages_details: rate('messages'),
    messages_ready: ready,
    messages_ready_details: rate('ready'),
    messages_unacknowledged: unsettled,
    messages_unacknowledged_details: rate('unsettled'),
    message_bytes_ready: figures.readyBytes,
    consumers: figures.consumers,
    message_stats: messageStats(figures, rate),
    homing: extras(queue, figures, rate, visibility),
  }
}

function extras(
  queue: QueueView,
  figures: QueueFigures,
  rate: (counter: string) => { readonly rate: number },
  visibility: Visibility,
): QueueExtras {
  const { ready, unsettled, delayed, outcomes, failed, settled, refused } = figures
  return {
    kind: figures.kind,
    paused: figures.paused,
    library: queue.isLibrarys,
    not_home: ready + unsettled + delayed,
    delayed,
    dead: figures.dead,
    oldest_at: figures.oldestReadyAtMs ?? null,
    outcomes,
    outcomes_details: rate('outcomes'),
    failed,
    failed_details: rate('failed'),
    settled,
    settled_details: rate('settled'),
    refused,
    refused_details: rate('refused'),
    may: visibility.rights(queue.name),
  }
}
