/*
 * What is counted of queues, by the engine's names.
 */

import type { Broker } from '../../embedded/broker.ts'
import type { QueueFigures } from '../../embedded/figures-port.ts'

export type FiguresByQueue = ReadonlyMap<string, QueueFigures>

export const figuresByQueue = ({ inspection }: Broker): FiguresByQueue =>
  new Map(inspection.queues().map((one) => [one.name, one]))
