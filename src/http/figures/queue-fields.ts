/*
 * What is kept of a queue's figures for charts: rates first, then gauges.
 */

import type { QueueFigures, QueueSample } from '../../embedded/figures-port.ts'

export const queueRates = ['published', 'delivered', 'settled', 'outcomes', 'failed'] as const
export const queueFields = [...queueRates, 'ready', 'unsettled', 'delayed'] as const

/** Places of those that stay when nothing happens. */
export const queueGauges: ReadonlySet<number> = new Set(
  queueFields.map((_, n) => n).slice(queueRates.length),
)

export type QueueRates = Readonly<Record<(typeof queueRates)[number], number>>

export const counted = (figures: QueueFigures): number[] => queueRates.map((name) => figures[name])

export const standing = ({ ready, unsettled, delayed }: QueueFigures): number[] => [
  ready,
  unsettled,
  delayed,
]

export const queueSample = (atMs: number, values: readonly number[]): QueueSample => ({
  atMs,
  ...(Object.fromEntries(queueFields.map((name, n) => [name, values[n] ?? 0])) as Omit<
    QueueSample,
    'atMs'
  >),
})
