/*
 * Figures as JSON.
 */

import type { ConsumerFigures, Figures, QueueFigures } from '../../embedded/figures-port.ts'
import { baseName, virtualHostOf } from '../../scoped-name.ts'
import type {
  ConsumerJson,
  FiguresJson,
  QueueRowJson,
  ServerStateJson,
} from '../shapes/figures-shapes.ts'
import type { ServerFacts } from '../site.ts'
import type { QueueRates } from './sampler.ts'

export const figuresJson = (figures: Figures): FiguresJson => ({
  ...figures,
  failedByCode: Object.fromEntries(figures.failedByCode),
})

export const serverStateJson = (server: ServerFacts): ServerStateJson => ({
  startedAtMs: server.startedAtMs,
  version: server.version,
  connections: server.connections().length,
  blockedFor: server.blockedFor,
  isStopping: server.isStopping,
})

export const queueRowJson = (
  figures: QueueFigures,
  rates: QueueRates | undefined,
): QueueRowJson => ({
  ...figures,
  vhost: virtualHostOf(figures.name),
  name: baseName(figures.name),
  rates,
})

export const consumerJson = ({ prefetch, ...consumer }: ConsumerFigures): ConsumerJson => ({
  ...consumer,
  prefetch: Number.isFinite(prefetch) ? prefetch : undefined,
})
