/*
 * The metrics of a server: their names, types, labels and meanings. docs/metrics.md is written from this
 * table, /metrics answers with nothing else, and a test holds the dashboards of deploy/ to it.
 *
 * Rule: a name of RabbitMQ's stands here only where the number means what it means there, so that
 * dashboards and alerts made for RabbitMQ go on telling the truth. What only Homing has is `homing_…`.
 */

export type MetricType = 'counter' | 'gauge' | 'histogram'

export interface MetricRow {
  readonly type: MetricType
  readonly help: string
  readonly labels?: readonly string[]
  /** Also by queue, with the labels `vhost` and `queue`, at two paths of their own. */
  readonly perQueue?: true
}

const counter = (help: string, ...labels: readonly string[]): MetricRow => ({
  type: 'counter',
  help,
  labels,
})
const gauge = (help: string, ...labels: readonly string[]): MetricRow => ({
  type: 'gauge',
  help,
  labels,
})
const perQueue = (row: MetricRow): MetricRow => ({ ...row, perQueue: true })

/** Totals count since the server was started. */
export const metrics = {
  rabbitmq_identity_info: gauge(
    'Always 1; the labels name the server.',
    'rabbitmq_node',
    'rabbitmq_cluster',
  ),
  rabbitmq_build_info: gauge(
    'Always 1; the label is the version that clients are told.',
    'rabbitmq_version',
  ),
  rabbitmq_connections: gauge('Connections that have logged in.'),
  rabbitmq_connections_opened_total: counter('Connections that logged in.'),
  rabbitmq_connections_closed_total: counter('Connections that had logged in and are gone.'),
  rabbitmq_channels: gauge('Open channels.'),
  rabbitmq_channels_opened_total: counter('Channels opened.'),
  rabbitmq_channels_closed_total: counter('Channels closed.'),
  rabbitmq_consumers: gauge('Consumers, over AMQP and otherwise.'),
  rabbitmq_queues: gauge('Queues.'),
  rabbitmq_queue_messages: perQueue(gauge('Messages ready or delivered and not settled.')),
  rabbitmq_queue_messages_ready: perQueue(gauge('Messages that wait to be delivered.')),
  rabbitmq_queue_messages_unacked: perQueue(gauge('Messages delivered and not settled.')),
  rabbitmq_queue_consumers: perQueue(gauge('Consumers of the queue.')),
  rabbitmq_global_messages_received_total: counter('Messages that clients published into queues.'),
  rabbitmq_global_messages_confirmed_total: counter('Messages confirmed to their publishers.'),
  rabbitmq_global_messages_delivered_total: counter('Messages delivered to consumers.'),
  rabbitmq_global_messages_redelivered_total: counter('Messages delivered again.'),
  rabbitmq_global_messages_acknowledged_total: counter('Messages settled by consumers.'),
  rabbitmq_process_resident_memory_bytes: gauge('Memory that the system has lent to the process.'),
  rabbitmq_resident_memory_limit_bytes: gauge('Memory in use above which publishers are blocked.'),
  rabbitmq_disk_space_available_bytes: gauge('Free space on the disk of the data directory.'),
  rabbitmq_disk_space_available_limit_bytes: gauge(
    'Free space below which publishers are blocked.',
  ),
  rabbitmq_process_open_fds: gauge('Open files and sockets of the process.'),
  rabbitmq_process_max_fds: gauge('Files and sockets that the process may open.'),
  rabbitmq_alarms_memory_used_watermark: gauge('1 while publishers wait for memory.'),
  rabbitmq_alarms_free_disk_space_watermark: gauge('1 while publishers wait for the disk.'),
  homing_queue_messages_delayed: perQueue(
    gauge('Messages that wait for their time: delayed, or before their next attempt.'),
  ),
  homing_queue_dead_letters: perQueue(gauge('Dead letters kept.')),
  homing_queue_accepted_total: perQueue(counter('Messages that came into the queue.')),
  homing_queue_delivered_total: perQueue(counter('Deliveries, each attempt counted.')),
  homing_queue_settled_total: perQueue(
    counter('Deliveries that consumers settled, in whatever way.'),
  ),
  homing_not_home: perQueue(
    gauge('Accepted messages that have not ended: ready, delivered or delayed. Not yet home.'),
  ),
  homing_callbacks_not_home: gauge('Outcomes whose callback has not returned yet.'),
  homing_messages_refused_total: counter(
    'Messages that were not taken: queue full, disk full, too large.',
  ),
  homing_outcomes_total: counter('Outcomes stored, by code: ok, rejected, expired …', 'code'),
  homing_round_trip_seconds: {
    type: 'histogram',
    help: 'From accepted to outcome on disk.',
  },
  homing_sync_seconds: { type: 'histogram', help: 'One sync of the journal.' },
  homing_journal_bytes: gauge('Bytes of the journal on disk.'),
  homing_login_failures_total: counter('Logins that were refused.'),
  homing_spans_sent_total: counter('Spans that the collector of traces took.'),
  homing_spans_dropped_total: counter('Spans for which there was no room, or that were refused.'),
  homing_event_loop_delay_seconds: gauge(
    'Delay of the event loop since the last look, by quantile: 0.5, 0.99.',
    'quantile',
  ),
  homing_tls_certificate_expiry_seconds: gauge(
    'When the certificate of a port ends, seconds since 1970.',
    'url',
  ),
  homing_ledger_lag_bytes: gauge('Bytes of outcomes that wait to be entered in the ledger.'),
  homing_start_time_seconds: gauge('When the server was started, seconds since 1970.'),
} as const satisfies Readonly<Record<string, MetricRow>>

export type MetricName = keyof typeof metrics

/** Upper ends of the buckets of `homing_round_trip_seconds` and `homing_sync_seconds`. */
export const secondsBuckets = [
  0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600,
] as const

/** As RabbitMQ names a metric of `/metrics/detailed`, where it stands by queue. */
export const detailedName = (name: MetricName): string =>
  name.replace(/^(rabbitmq|homing)_/, '$1_detailed_')
