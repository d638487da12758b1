/*
 * The steps in which figures are kept, by the range that they cover.
 */

import type { HistoryStep } from '../../embedded/figures-port.ts'
import type { Range } from '../shapes/figures-shapes.ts'

export interface Step {
  readonly name: HistoryStep
  readonly seconds: number
}

const steps: Readonly<Record<Range, Step>> = {
  '5m': { name: '1s', seconds: 1 },
  '1h': { name: '10s', seconds: 10 },
  '24h': { name: '1m', seconds: 60 },
}

export const stepFor = (range: Range): Step => steps[range]
