import type { CaseFiles } from './case-files.ts'
import type { HistoryEvent } from './history.ts'

/** What a judgement allows for: a machine is not infinitely quick. */
export interface Bounds {
  /** Longest time, in ms, that the disk of this run keeps a group commit under way. */
  readonly slackMs: number
  /** How far the engine's time and true time may be apart: real clocks are read one after the other. */
  readonly driftMs?: number
}

export interface Finding {
  /** The message or queue concerned. */
  readonly id: string
  readonly text: string
  readonly events: readonly HistoryEvent[]
}

/** One invariant of semantics.md: its number, its words, and the function that judges it. */
export interface Rule {
  readonly number: number
  readonly title: string
  judge(files: CaseFiles, bounds: Bounds): Iterable<Finding>
}

export const finding = (
  id: string,
  text: string,
  ...events: readonly (HistoryEvent | undefined)[]
): Finding => ({ id, text, events: events.filter((event) => event !== undefined) })
