/*
 * The three steps in which figures are kept: a sample for each second, and longer ones made of those.
 */

import type { HistoryStep } from '../../embedded/figures-port.ts'
import type { Range } from '../shapes/figures-shapes.ts'

export interface Step {
  readonly name: HistoryStep
  readonly range: Range
  readonly seconds: number
  /** Samples. */
  readonly keeps: number
}

export const steps: readonly Step[] = [
  { name: '1s', range: '5m', seconds: 1, keeps: 300 },
  { name: '10s', range: '1h', seconds: 10, keeps: 360 },
  { name: '1m', range: '24h', seconds: 60, keeps: 1_440 },
]

export const stepNumber = (name: HistoryStep): number => steps.findIndex((one) => one.name === name)

/** The step for a range. */
export const stepFor = (range: Range): Step =>
  steps.find((one) => one.range === range) ?? (steps[0] as Step)
