/*
 * Opening the data directory that a command names.
 *
 * Commands that only look never make a directory, and none ever puts its files among those of others:
 * a directory is opened when it is missing, empty, or one of ours.
 */

import { existsSync, readdirSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Home } from '../index.ts'
import type { Invocation } from './command.ts'
import { Refusal } from './refusal.ts'

export interface OpenOptions {
  readonly data: string
  /** Whether the directory may be made. */
  readonly make: boolean
}

/** Opens the home, runs, and closes it whatever happens. */
export async function withHome<Result>(
  { terminal }: Invocation,
  { data, make }: OpenOptions,
  run: (home: Home) => Promise<Result>,
): Promise<Result> {
  if (make) refuseForeign(data)
  else requireOurs(data)
  const { homing } = await import('../index.ts')
  const home = await homing(resolve(data), { onProblem: (text) => terminal.warn(text) })
  try {
    return await run(home)
  } finally {
    await home.close()
  }
}

/** Fails with `notFound` when the directory is none of ours. */
export function requireOurs(data: string): void {
  if (isOurs(data)) return
  throw new Refusal(
    'notFound',
    `there is no data directory at ${resolve(data)}; name one with --data, or make one with homing demo or homing send`,
  )
}

/** Fails with `usage` when the directory holds files of others. */
export function refuseForeign(data: string): void {
  if (!existsSync(data) || isOurs(data)) return
  const names = namesIn(data)
  if (names === undefined || names.length === 0) return
  throw new Refusal(
    'usage',
    `${resolve(data)} holds other files (${names.slice(0, 3).join(', ')}); name a new or empty directory with --data`,
  )
}

const isOurs = (data: string): boolean =>
  namesIn(data)?.some((name) => name === 'lock' || /^journal-\d+\.log$/.test(name)) ?? false

/** Undefined when it is no directory that can be read: opening it says why. */
function namesIn(data: string): readonly string[] | undefined {
  try {
    return readdirSync(data)
  } catch {
    return undefined
  }
}
