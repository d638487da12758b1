/*
 * What the processes of the kill loop share: the contract, and what they write down.
 */

import { queue } from '../../src/index.ts'

export interface Work {
  readonly id: string
  readonly ms: number
  /** Attempts that throw. */
  readonly failures: number
}

export interface Worked {
  readonly id: string
  /** Another one for each run: two outcomes of one id cannot look the same. */
  readonly run: string
}

/** Nothing ends but by being worked on: whatever is lost was lost by us. */
export const work = queue('work', {
  within: '10m',
  timeout: '5s',
  retry: { attempts: 1_000, backoff: '20ms' },
})

export const callbackOf = (slot: number): string => `done-${slot}`

/** One line of a process's history. */
export type Note = {
  /** Milliseconds, the same clock for all processes. */
  readonly at: number
  readonly life: string
} & (
  | { readonly what: 'open' | 'closed' | 'quiet' }
  | { readonly what: 'sending' | 'confirmed'; readonly id: string; readonly callback: boolean }
  | { readonly what: 'refused'; readonly id: string; readonly code: string }
  | { readonly what: 'waiting'; readonly id: string; readonly waiter: string }
  | {
      readonly what: 'told'
      readonly id: string
      readonly waiter: string
      readonly outcome: string
    }
  | { readonly what: 'untold'; readonly id: string; readonly waiter: string; readonly code: string }
  | { readonly what: 'begun'; readonly id: string; readonly attempt: number }
  | { readonly what: 'called'; readonly id: string; readonly outcome: string }
  | { readonly what: 'problem'; readonly text: string }
)

export type NoteBody = Note extends infer N
  ? N extends Note
    ? Omit<N, 'at' | 'life'>
    : never
  : never

/** What a process is told. */
export type Order =
  | { readonly order: 'watch'; readonly id: string }
  | { readonly order: 'stop' }
  | { readonly order: 'close' }
