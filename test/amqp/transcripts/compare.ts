/*
 * Two transcripts of one scenario, side by side: the streams that differ, from the first line that
 * does.
 */

import type { ComparedLine, Transcript } from './transcript.ts'

export interface Difference {
  readonly stream: string
  /** Equal lines before it. */
  readonly before: number
  readonly ours: readonly ComparedLine[]
  readonly theirs: readonly ComparedLine[]
}

export function differencesOf(ours: Transcript, theirs: Transcript): readonly Difference[] {
  const left = ours.streams()
  const right = theirs.streams()
  return [...new Set([...left.keys(), ...right.keys()])].flatMap((stream) => {
    const a = left.get(stream) ?? []
    const b = right.get(stream) ?? []
    const before = a.findIndex((line, at) => line.compared !== b[at]?.compared)
    const at = before === -1 ? a.length : before
    if (at === b.length && a.length === b.length) return []
    return [{ stream, before: at, ours: a.slice(at), theirs: b.slice(at) }]
  })
}

export interface Sides {
  readonly ours: string
  readonly theirs: string
}

export function differenceText(differences: readonly Difference[], sides: Sides): string {
  const lines = differences.flatMap(({ stream, before, ours, theirs }) => [
    `${stream}, after ${before} equal lines:`,
    ...ours.slice(0, 8).map((line) => `  ${sides.ours}: ${line.shown}`),
    ...(ours.length === 0 ? [`  ${sides.ours}: nothing more`] : []),
    ...theirs.slice(0, 8).map((line) => `  ${sides.theirs}: ${line.shown}`),
    ...(theirs.length === 0 ? [`  ${sides.theirs}: nothing more`] : []),
  ])
  return lines.map((line) => `${line}\n`).join('')
}
