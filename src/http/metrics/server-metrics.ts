/*
 * What the metrics of a server are now: samples of its figures, in the order of their table.
 */

import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Figures, QueueFigures, TimeTotals } from '../../embedded/figures-port.ts'
import { baseName, virtualHostOf } from '../../scoped-name.ts'
import { type MetricName, secondsBuckets } from '../../server/metric-names.ts'
import type { Resources } from '../../server/resources.ts'
import type { Site } from '../site.ts'
import type { Sample } from './exposition.ts'

const millis = 1_000
const nanos = 1e9

export class ServerMetrics {
  readonly #site: Site
  /** Begun when somebody asks for the first time: it costs a timer. */
  #loopDelay: ReturnType<typeof monitorEventLoopDelay> | undefined

  constructor(site: Site) {
    this.#site = site
  }

  /** Of the whole server. */
  async all(): Promise<readonly Sample[]> {
    const { engine, server } = this.#site
    const resources = await server.resources()
    const { inspection } = engine
    const figures = inspection.figures()
    const times = inspection.times(secondsBuckets.map((seconds) => seconds * millis))
    return [
      ...this.#identity(),
      ...this.#clients(figures),
      ...ofQueues(inspection.queues(), 'sum'),
      ...ofMessages(figures),
      ...this.#ofResources(resources),
      ...this.#ofHoming(figures),
      ...distribution('homing_round_trip_seconds', times.roundTrip),
      ...distribution('homing_sync_seconds', times.sync),
      ...this.#delays(),
    ]
  }

  /** Of each queue. */
  byQueue(): readonly Sample[] {
    return [...ofQueues(this.#site.engine.inspection.queues(), 'each')]
  }

  #identity(): readonly Sample[] {
    const { version } = this.#site.server
    const labels = { rabbitmq_node: 'homing', rabbitmq_cluster: 'homing' }
    return [
      { name: 'rabbitmq_identity_info', labels, value: 1 },
      { name: 'rabbitmq_build_info', labels: { rabbitmq_version: version }, value: 1 },
    ]
  }

  #clients({ consumers, queues }: Figures): readonly Sample[] {
    const { totals } = this.#site.server
    const { connectionsOpened, connectionsClosed, channelsOpened, channelsClosed } = totals
    return [
      one('rabbitmq_connections', connectionsOpened - connectionsClosed),
      one('rabbitmq_connections_opened_total', connectionsOpened),
      one('rabbitmq_connections_closed_total', connectionsClosed),
      one('rabbitmq_channels', channelsOpened - channelsClosed),
      one('rabbitmq_channels_opened_total', channelsOpened),
      one('rabbitmq_channels_closed_total', channelsClosed),
      one('rabbitmq_consumers', consumers),
      one('rabbitmq_queues', queues),
    ]
  }

  #ofResources(resources: Resources): readonly Sample[] {
    const { blockedFor = '' } = this.#site.server
    const { residentBytes, memoryBytesMax, diskFreeBytes, diskFreeBytesMin } = resources
    const { openFiles, openFilesMax } = resources
    return [
      one('rabbitmq_process_resident_memory_bytes', residentBytes),
      one('rabbitmq_resident_memory_limit_bytes', memoryBytesMax),
      ...maybe('rabbitmq_disk_space_available_bytes', diskFreeBytes),
      one('rabbitmq_disk_space_available_limit_bytes', diskFreeBytesMin),
      ...maybe('rabbitmq_process_open_fds', openFiles),
      ...maybe('rabbitmq_process_max_fds', openFilesMax),
      one('rabbitmq_alarms_memory_used_watermark', Number(/memory/.test(blockedFor))),
      one('rabbitmq_alarms_free_disk_space_watermark', Number(/disk/.test(blockedFor))),
    ]
  }

  #ofHoming(figures: Figures): readonly Sample[] {
    const { server } = this.#site
    const { outcomes, failed, failedByCode, journal, ledger } = figures
    const byCode = [...failedByCode].map(([code, count]) => outcomesOf(code, count))
    return [
      one('homing_callbacks_not_home', figures.notHome),
      one('homing_messages_refused_total', figures.refused),
      outcomesOf('ok', outcomes - failed),
      ...byCode,
      one('homing_journal_bytes', journal.bytes),
      one('homing_ledger_lag_bytes', ledger.lagBytes),
      one('homing_login_failures_total', server.totals.loginsRefused),
      one('homing_spans_sent_total', server.totals.spansSent),
      one('homing_spans_dropped_total', server.totals.spansDropped),
      ...server.certificates().map(({ url, validUntilMs }): Sample => {
        const labels = { url }
        return {
          name: 'homing_tls_certificate_expiry_seconds',
          labels,
          value: validUntilMs / millis,
        }
      }),
      one('homing_start_time_seconds', server.startedAtMs / millis),
    ]
  }

  /** Since it was asked for last. */
  #delays(): readonly Sample[] {
    if (this.#loopDelay === undefined) {
      this.#loopDelay = monitorEventLoopDelay({ resolution: 20 })
      this.#loopDelay.enable()
    }
    const delay = this.#loopDelay
    const samples = [0.5, 0.99].map((quantile): Sample => {
      const seconds = delay.percentile(quantile * 100) / nanos
      const labels = { quantile: String(quantile) }
      return { name: 'homing_event_loop_delay_seconds', labels, value: seconds }
    })
    delay.reset()
    return samples
  }

  close(): void {
    this.#loopDelay?.disable()
  }
}

const one = (name: MetricName, value: number): Sample => ({ name, value })

const maybe = (name: MetricName, value: number | undefined): readonly Sample[] =>
  value === undefined ? [] : [one(name, value)]

const outcomesOf = (code: string, value: number): Sample => ({
  name: 'homing_outcomes_total',
  labels: { code },
  value,
})

/** Those with `perQueue` in the table, and what each is of a queue. */
const queueMetrics: readonly (readonly [MetricName, (queue: QueueFigures) => number])[] = [
  ['rabbitmq_queue_messages', ({ ready, unsettled }) => ready + unsettled],
  ['rabbitmq_queue_messages_ready', ({ ready }) => ready],
  ['rabbitmq_queue_messages_unacked', ({ unsettled }) => unsettled],
  ['rabbitmq_queue_consumers', ({ consumers }) => consumers],
  ['homing_not_home', ({ ready, unsettled, delayed }) => ready + unsettled + delayed],
  ['homing_queue_messages_delayed', ({ delayed }) => delayed],
  ['homing_queue_dead_letters', ({ dead }) => dead],
  ['homing_queue_accepted_total', ({ accepted }) => accepted],
  ['homing_queue_delivered_total', ({ delivered }) => delivered],
  ['homing_queue_settled_total', ({ settled }) => settled],
]

function* ofQueues(queues: readonly QueueFigures[], how: 'sum' | 'each'): Iterable<Sample> {
  for (const [name, figureOf] of queueMetrics) {
    if (how === 'sum')
      yield one(
        name,
        queues.reduce((sum, queue) => sum + figureOf(queue), 0),
      )
    else
      for (const queue of queues) {
        const labels = { vhost: virtualHostOf(queue.name), queue: baseName(queue.name) }
        yield { name, labels, value: figureOf(queue) }
      }
  }
}

const ofMessages = (figures: Figures): readonly Sample[] => [
  one('rabbitmq_global_messages_received_total', figures.published),
  one('rabbitmq_global_messages_confirmed_total', figures.confirmed),
  one('rabbitmq_global_messages_delivered_total', figures.delivered),
  one('rabbitmq_global_messages_redelivered_total', figures.redelivered),
  one('rabbitmq_global_messages_acknowledged_total', figures.settled),
]

function distribution(name: MetricName, { upTo, count, sumMs }: TimeTotals): readonly Sample[] {
  const buckets = secondsBuckets.map((seconds, n): Sample => {
    const labels = { le: String(seconds) }
    return { name, suffix: '_bucket', labels, value: upTo[n] ?? count }
  })
  return [
    ...buckets,
    { name, suffix: '_bucket', labels: { le: '+Inf' }, value: count },
    { name, suffix: '_sum', value: sumMs / millis },
    { name, suffix: '_count', value: count },
  ]
}
