/*
 * What is counted of queues, by the engine's names.
 */

import type { Broker } from '../../embedded/broker.ts'
import type { QueueFigures } from '../../embedded/figures-port.ts'
import type { Administration } from '../../embedded/inspection-port.ts'
import type { QueueStats } from '../../engine.ts'
import { baseName } from '../../scoped-name.ts'

export type FiguresByQueue = ReadonlyMap<string, QueueFigures>

export async function figuresByQueue(engine: Broker): Promise<FiguresByQueue> {
  const { inspection } = engine as Partial<Administration>
  const figures = inspection?.queues() ?? (await engine.queues()).map(figuresFromStats)
  return new Map(figures.map((one) => [one.name, one]))
}

/** As far as the engine's port tells it. */
function figuresFromStats(stats: QueueStats): QueueFigures {
  const isCallback = baseName(stats.name).startsWith('callback:')
  return {
    ...stats,
    published: stats.accepted,
    publishedBytes: 0,
    confirmed: stats.accepted,
    refused: 0,
    redelivered: 0,
    outcomes: 0,
    failed: 0,
    durable: true,
    paused: false,
    readyBytes: 0,
    kind: isCallback ? 'callback' : 'queue',
    oldestReadyAtMs: undefined,
  }
}
