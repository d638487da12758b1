/*
 * The door: from where to work to a home. The engine behind a place is loaded when it is asked for,
 * so that whoever uses one loads no other.
 */

import type { AmqpEngineOptions } from './adapters/amqp/open-amqp-engine.ts'
import { Home } from './client/home.ts'
import type { Log } from './client/log.ts'
import type { Tracing } from './client/tracing.ts'
import type { Engine } from './engine.ts'
import { HomingError } from './errors.ts'
import type { DirectoryOptions } from './joined/open-directory.ts'

/** For a data directory or `memory:`, and for a broker; one of the other kind is refused by name. */
export interface HomingOptions extends DirectoryOptions, AmqpEngineOptions {
  /** Where the library tells of what nobody waits for; silent by default. A pino logger fits. */
  readonly log?: Log
  /**
   * OpenTelemetry spans of what is sent, worked on and brought home, by the package @opentelemetry/api and
   * the SDK that the program has set up; default false. See docs/traces.md.
   */
  readonly traces?: boolean
}

const whereDefault = './data'

/**
 * Opens a home: the path of a data directory, made when it is not there (default `./data`), `memory:`
 * for tests, or the URL of a broker (`amqp://user:password@host/virtual-host`, `amqps://…`; several for
 * the hosts of one cluster). Close it, or hold it with `await using`.
 * Fails with `locked`, `not-permitted`, `format-unknown`, `disk-full`, `unknown-option`, `unsupported`,
 * `module-missing`;
 * for a broker with `unreachable`, `login-refused`, `access-refused`, `bad-certificate`.
 *
 * @example
 * await using home = await homing('./data')
 */
export async function homing(
  where: string | readonly string[] = whereDefault,
  options: HomingOptions = {},
): Promise<Home> {
  if (typeof options !== 'object' || options === null) {
    throw new HomingError('bad-argument', `the options of homing() are ${options}; give an object`)
  }
  const { log, traces, ...engineOptions } = options
  const checked = checkedLog(log)
  const tracing = await tracingOf(traces)
  return new Home(await openEngine(where, engineOptions, checked), checked, tracing)
}

type EngineOptions = Omit<HomingOptions, 'log' | 'traces'>

async function tracingOf(traces: boolean | undefined): Promise<Tracing | undefined> {
  if (traces === undefined || traces === false) return undefined
  if (traces === true) {
    const { openTracing } = await import('./client/open-telemetry.ts')
    return openTracing()
  }
  throw new HomingError('bad-argument', `traces is ${typeof traces}; give true or false`)
}

async function openEngine(
  where: string | readonly string[],
  options: EngineOptions,
  log: Log | undefined,
): Promise<Engine> {
  const places = typeof where === 'string' ? [where] : where
  if (!Array.isArray(places) || places.length === 0 || !places.every(isPlace)) {
    throw new HomingError(
      'bad-argument',
      `homing() is told to open ${where === '' ? 'an empty path' : typeof where}; give the path of a data directory, 'memory:', or the URL of a broker`,
    )
  }
  const schemes = places.map(schemeOf)
  if (schemes.every((scheme) => scheme !== undefined && amqpSchemes.has(scheme))) {
    const { openAmqpEngine } = await import('./adapters/amqp/open-amqp-engine.ts')
    return openAmqpEngine(places, options, newsFor(log))
  }
  if (typeof where !== 'string') {
    throw new HomingError(
      'bad-argument',
      'homing() is given several places, and not all are brokers; give one place, or the URLs of one cluster (amqp:// or amqps://)',
    )
  }
  const [scheme] = schemes
  if (scheme !== undefined && where !== 'memory:') {
    throw new HomingError(
      'unsupported',
      `homing() knows no engine for "${scheme}:"; known are the path of a data directory, 'memory:', 'amqp://' and 'amqps://'. A path with a colon begins with ./`,
      { data: { scheme } },
    )
  }
  if (where === 'memory:') {
    const { openEmbedded } = await import('./embedded/open.ts')
    return openEmbedded(where, options)
  }
  const { openSharedDirectory } = await import('./joined/open-directory.ts')
  return openSharedDirectory(where, options)
}

const amqpSchemes: ReadonlySet<string> = new Set(['amqp', 'amqps', 'amqp+unix'])

const isPlace = (place: unknown): boolean => typeof place === 'string' && place !== ''

/** A scheme has two characters at least: C:\data is a path. */
const schemeOf = (place: string): string | undefined =>
  /^([a-z][a-z0-9+.-]+):/i.exec(place)?.[1]?.toLowerCase()

/** What nobody waits for: into the log, or on stderr. */
function newsFor(log: Log | undefined) {
  const say = (text: string): void => console.error(`homing: ${text}`)
  if (log === undefined) return { problem: say, back: say }
  return {
    problem: (text: string): void => log.warn({}, text),
    back: (text: string): void => log.info({}, text),
  }
}

function checkedLog(log: Log | undefined): Log | undefined {
  if (log === undefined) return undefined
  for (const level of ['debug', 'info', 'warn', 'error'] as const) {
    if (typeof log?.[level] === 'function') continue
    throw new HomingError('bad-argument', `log has no ${level}(); give a logger such as pino()`)
  }
  return log
}
