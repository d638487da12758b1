/*
 * Counters as RabbitMQ names them.
 */

import type { Counters } from '../../embedded/figures-port.ts'
import type { MessageStats } from '../shapes/rate.ts'
import type { Counts, RateOf } from './rates.ts'

/** What rates are made of, for one queue. */
export const countsOf = (
  figures: Counters & { readonly ready: number; readonly unsettled: number },
): Counts => ({
  published: figures.published,
  confirmed: figures.confirmed,
  refused: figures.refused,
  delivered: figures.delivered,
  redelivered: figures.redelivered,
  settled: figures.settled,
  outcomes: figures.outcomes,
  failed: figures.failed,
  ready: figures.ready,
  unsettled: figures.unsettled,
  messages: figures.ready + figures.unsettled,
})

export function messageStats(figures: Counters, rate: (counter: string) => ReturnType<RateOf>) {
  const { published, confirmed, delivered, redelivered, settled } = figures
  return {
    publish: published,
    publish_details: rate('published'),
    confirm: confirmed,
    confirm_details: rate('confirmed'),
    deliver: delivered,
    deliver_details: rate('delivered'),
    deliver_get: delivered,
    deliver_get_details: rate('delivered'),
    redeliver: redelivered,
    redeliver_details: rate('redelivered'),
    ack: settled,
    ack_details: rate('settled'),
  } satisfies MessageStats
}

/** Sums of several queues. */
export function totalOf(all: readonly Counters[]): Counters {
  const sum = (of: (one: Counters) => number): number =>
    all.reduce((total, one) => total + of(one), 0)
  return {
    published: sum((one) => one.published),
    publishedBytes: sum((one) => one.publishedBytes),
    confirmed: sum((one) => one.confirmed),
    refused: sum((one) => one.refused),
    delivered: sum((one) => one.delivered),
    redelivered: sum((one) => one.redelivered),
    settled: sum((one) => one.settled),
    outcomes: sum((one) => one.outcomes),
    failed: sum((one) => one.failed),
  }
}
