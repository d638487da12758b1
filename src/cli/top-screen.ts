/*
 * What `homing top` shows: two looks at a server into the lines of a screen. Pure.
 *
 *   homing top · ./data · process 71, 94.1 MiB · disk 12.3 GiB free
 *   in 1,204/s   delivered 1,204/s   settled 1,198/s          not yet home 5,310   dead 2
 *   READY 5,200   IN WORK 90   DELAYED 20   CONSUMERS 4
 *
 *   QUEUE   READY  IN WORK  DELAYED  DEAD  CONSUMERS  IN/S  SETTLED/S
 *   orders  …                                          the busiest first
 */

import type { QueueStats } from '../index.ts'
import { bytesText, countText } from './outcome-text.ts'
import { tableLines } from './table.ts'
import { cutToWidth } from './text-width.ts'

/** One look. */
export interface Look {
  /** Monotonic. */
  readonly atMs: number
  readonly queues: readonly QueueStats[]
  readonly machine: MachineFacts
}

export interface MachineFacts {
  /** Of the process that has the data directory, where that can be seen. */
  readonly process: number | undefined
  readonly memoryBytes: number | undefined
  readonly diskFreeBytes: number | undefined
  readonly dataBytes: number | undefined
}

export interface Rates {
  readonly accepted: number
  readonly delivered: number
  readonly settled: number
}

export interface BusyQueue extends QueueStats {
  readonly rates: Rates
}

export interface Summary {
  readonly queues: readonly BusyQueue[]
  readonly rates: Rates
  readonly ready: number
  readonly unsettled: number
  readonly delayed: number
  readonly dead: number
  readonly consumers: number
  /** Accepted and without an outcome. */
  readonly notHome: number
}

const none: Rates = { accepted: 0, delivered: 0, settled: 0 }

/** Rates are per second between the two looks; the busiest queues first, then the fullest. */
export function summaryOf(before: Look, now: Look): Summary {
  const seconds = (now.atMs - before.atMs) / 1_000
  const known = new Map(before.queues.map((queue) => [queue.name, queue]))
  const queues = now.queues
    .map((queue) => ({ ...queue, rates: ratesOf(known.get(queue.name), queue, seconds) }))
    .sort((a, b) => activity(b) - activity(a) || held(b) - held(a) || a.name.localeCompare(b.name))
  const sum = (of: (queue: BusyQueue) => number): number =>
    queues.reduce((total, queue) => total + of(queue), 0)
  return {
    queues,
    rates: {
      accepted: sum(({ rates }) => rates.accepted),
      delivered: sum(({ rates }) => rates.delivered),
      settled: sum(({ rates }) => rates.settled),
    },
    ready: sum(({ ready }) => ready),
    unsettled: sum(({ unsettled }) => unsettled),
    delayed: sum(({ delayed }) => delayed),
    dead: sum(({ dead }) => dead),
    consumers: sum(({ consumers }) => consumers),
    notHome: sum(held),
  }
}

const held = ({ ready, unsettled, delayed }: QueueStats): number => ready + unsettled + delayed
const activity = ({ rates }: BusyQueue): number => rates.accepted + rates.delivered + rates.settled

/** A server that was started again counts from 0: that is no rate below 0. */
function ratesOf(before: QueueStats | undefined, now: QueueStats, seconds: number): Rates {
  if (before === undefined || seconds <= 0) return none
  const rate = (name: keyof Rates): number => Math.max(0, (now[name] - before[name]) / seconds)
  return { accepted: rate('accepted'), delivered: rate('delivered'), settled: rate('settled') }
}

export interface ScreenSize {
  readonly columns: number
  readonly rows: number
}

export interface ScreenTexts {
  readonly where: string
  /** Told below, such as that the server does not answer. */
  readonly note: string
  readonly bold: (text: string) => string
}

/** The lines of a screen, none longer than it is wide, not more than it is high. */
export function screenLines(
  summary: Summary,
  machine: MachineFacts,
  { columns, rows, where, note, bold }: ScreenSize & ScreenTexts,
): readonly string[] {
  const head = [titleLine(where, machine), ratesLine(summary), countsLine(summary), '']
  const room = Math.max(0, rows - head.length - 2)
  const shown = summary.queues.slice(0, room)
  const table =
    shown.length === 0 ? ['no queues'] : tableLines(queueColumns, shown.map(cells), columns, bold)
  const hidden = summary.queues.length - shown.length
  const more = hidden > 0 ? `${countText(hidden)} more ${hidden === 1 ? 'queue' : 'queues'}` : ''
  const foot = [note, more].filter((text) => text !== '').join(' · ')
  return [
    ...head.map((line) => cutToWidth(line, columns)),
    ...table,
    cutToWidth(foot, columns),
  ].slice(0, rows)
}

function titleLine(where: string, machine: MachineFacts): string {
  const { process, memoryBytes, diskFreeBytes, dataBytes } = machine
  return [
    `homing top · ${where}`,
    process === undefined
      ? ''
      : `process ${process}${memoryBytes === undefined ? '' : `, ${bytesText(memoryBytes)}`}`,
    dataBytes === undefined ? '' : `data ${bytesText(dataBytes)}`,
    diskFreeBytes === undefined ? '' : `disk ${bytesText(diskFreeBytes)} free`,
  ]
    .filter((text) => text !== '')
    .join(' · ')
}

const perSecond = (rate: number): string =>
  rate > 0 && rate < 10 ? rate.toFixed(1) : countText(Math.round(rate))

const ratesLine = ({ rates, notHome, dead }: Summary): string =>
  [
    `in ${perSecond(rates.accepted)}/s`,
    `delivered ${perSecond(rates.delivered)}/s`,
    `settled ${perSecond(rates.settled)}/s`,
    `not yet home ${countText(notHome)}`,
    `dead ${countText(dead)}`,
  ].join('   ')

const countsLine = ({ ready, unsettled, delayed, consumers, queues }: Summary): string =>
  [
    `ready ${countText(ready)}`,
    `in work ${countText(unsettled)}`,
    `delayed ${countText(delayed)}`,
    `consumers ${countText(consumers)}`,
    `queues ${countText(queues.length)}`,
  ].join('   ')

const queueColumns = [
  { title: 'QUEUE', widthMin: 12 },
  { title: 'READY', align: 'right' },
  { title: 'IN WORK', align: 'right' },
  { title: 'DELAYED', align: 'right', missable: 1 },
  { title: 'DEAD', align: 'right', missable: 2 },
  { title: 'CONSUMERS', align: 'right', missable: 3 },
  { title: 'IN/S', align: 'right' },
  { title: 'SETTLED/S', align: 'right' },
] as const

const cells = (queue: BusyQueue): readonly string[] => [
  queue.name,
  ...[queue.ready, queue.unsettled, queue.delayed, queue.dead, queue.consumers].map(countText),
  ...[queue.rates.accepted, queue.rates.settled].map(perSecond),
]
