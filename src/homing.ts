/*
 * The door: from where to work to a home. The engine behind a place is loaded when it is asked for,
 * so that whoever uses one loads no other.
 */

import { Home } from './client/home.ts'
import type { Log } from './client/log.ts'
import type { EmbeddedOptions } from './embedded/engine-options.ts'
import type { Engine } from './engine.ts'
import { HomingError } from './errors.ts'

export interface HomingOptions extends EmbeddedOptions {
  /** Where the library tells of what nobody waits for; silent by default. A pino logger fits. */
  readonly log?: Log
}

const whereDefault = './data'

/**
 * Opens a home: the path of a data directory, made when it is not there (default `./data`), or
 * `memory:` for tests. Close it, or hold it with `await using`.
 * Fails with `locked`, `not-permitted`, `format-unknown`, `disk-full`, `unknown-option`, `unsupported`.
 *
 * @example
 * await using home = await homing('./data')
 */
export async function homing(
  where: string = whereDefault,
  options: HomingOptions = {},
): Promise<Home> {
  if (typeof options !== 'object' || options === null) {
    throw new HomingError('bad-argument', `the options of homing() are ${options}; give an object`)
  }
  const { log, ...engineOptions } = options
  return new Home(await openEngine(where, engineOptions), checkedLog(log))
}

async function openEngine(where: string, options: EmbeddedOptions): Promise<Engine> {
  if (typeof where !== 'string' || where === '') {
    throw new HomingError(
      'bad-argument',
      `homing() is told to open ${where === '' ? 'an empty path' : typeof where}; give the path of a data directory, or 'memory:'`,
    )
  }
  // A scheme has two characters at least: C:\data is a path.
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(where)?.[1]
  if (scheme !== undefined && where !== 'memory:') {
    throw new HomingError(
      'unsupported',
      `homing() knows no engine for "${scheme}:"; known are the path of a data directory and 'memory:'. A path with a colon begins with ./`,
      { data: { scheme } },
    )
  }
  const { openEmbedded } = await import('./embedded/open.ts')
  return openEmbedded(where, options)
}

function checkedLog(log: Log | undefined): Log | undefined {
  if (log === undefined) return undefined
  for (const level of ['debug', 'info', 'warn', 'error'] as const) {
    if (typeof log?.[level] === 'function') continue
    throw new HomingError('bad-argument', `log has no ${level}(); give a logger such as pino()`)
  }
  return log
}
