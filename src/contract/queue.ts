import type { StandardSchemaV1 } from '@standard-schema/spec'
import { type Duration, durationMs } from '../duration.ts'
import { errorCodes, HomingError } from '../errors.ts'
import { checkOptions } from '../known-options.ts'
import { limits } from '../limits.ts'
import { type BuiltinOutcomeCode, isBuiltinCode } from '../message/outcome.ts'
import { checkName } from '../name.ts'
import { wholeNumber } from '../whole-number.ts'
import type { Carried, Codec } from './codec.ts'
import type { Contract, ErrorSchemas, Schema } from './contract.ts'
import { json } from './json-codec.ts'
import { type QueueSettingsOptions, readQueueSettings } from './queue-settings.ts'
import { type RetryOptions, readRetry } from './retry.ts'

export type CodecChoice = Codec | { readonly input?: Codec; readonly output?: Codec }

export interface QueueOptions<
  I extends Schema | undefined,
  O extends Schema | undefined,
  E extends ErrorSchemas,
  P extends Schema | undefined,
  K extends CodecChoice,
> extends QueueSettingsOptions {
  /** What is sent. Any Standard Schema; without one, anything the codec carries. */
  readonly input?: I
  /** What a handler returns. Any Standard Schema; without one, anything the codec carries. */
  readonly output?: O
  /** Errors a handler may declare with `fail(name, data)`: final, typed, not retried. */
  readonly errors?: E & NoReservedNames
  /** What a handler passes to `progress(value)`. */
  readonly progress?: P
  /** How bodies are written, both ways or each: `json` (default), `text`, `binary`, `msgpack()`, `avro(…)`. */
  readonly codec?: K
  /** From send to outcome; after it the outcome is `expired`. Default 1 day. */
  readonly within?: Duration
  /** One attempt of a handler; after it the message goes back into the queue. Default 5 min. */
  readonly timeout?: Duration
  readonly retry?: RetryOptions
  /** 0 (default) to 255, higher first. */
  readonly priority?: number
}

/** The types that follow from a contract's schemas and codec. */
export interface TypesFrom<
  N extends string,
  I extends Schema | undefined,
  O extends Schema | undefined,
  E extends ErrorSchemas,
  P extends Schema | undefined,
  K extends CodecChoice,
> {
  readonly name: N
  readonly input: Into<I, CarriedIn<K, 'input'>>
  readonly parsed: OutOf<I, CarriedIn<K, 'input'>>
  readonly returned: Into<O, CarriedIn<K, 'output'>>
  readonly output: OutOf<O, CarriedIn<K, 'output'>>
  readonly errors: E
  readonly reported: Into<P, unknown>
  readonly progress: OutOf<P, unknown>
}

type Into<S, Otherwise> = S extends Schema ? StandardSchemaV1.InferInput<S> : Otherwise
type OutOf<S, Otherwise> = S extends Schema ? StandardSchemaV1.InferOutput<S> : Otherwise
type CarriedIn<K, Side extends 'input' | 'output'> = K extends Codec
  ? Carried<K>
  : K extends { readonly [S in Side]: infer One }
    ? Carried<One>
    : unknown

/** Codes with a meaning of their own are no names for errors; those of calls are refused when it runs. */
type NoReservedNames = { readonly [K in BuiltinOutcomeCode | 'ok']?: never }

type AnyOptions = QueueOptions<undefined, undefined, ErrorSchemas, undefined, Codec>

// A record, so that the compiler notices an option that is missing here.
const optionNames: Record<keyof AnyOptions, true> = {
  input: true,
  output: true,
  errors: true,
  progress: true,
  codec: true,
  within: true,
  timeout: true,
  retry: true,
  priority: true,
  depthMax: true,
  overflow: true,
  ttl: true,
  rate: true,
  concurrency: true,
  perKey: true,
}
const known = new Set(Object.keys(optionNames))

const codecSides = new Set(['input', 'output'])

/**
 * A queue contract. Costs nothing until it is used; share one object between producer and consumer.
 * `queue(name)` without options carries any JSON and leaves the settings of an existing queue alone.
 * Fails with `bad-name`, `bad-argument`, `bad-duration`, `unknown-option`.
 *
 * @example
 * export const resize = queue('resize', {
 *   input: z.object({ url: z.string(), width: z.number().default(800) }),
 *   output: z.object({ key: z.string(), bytes: z.number() }),
 *   errors: { NotAnImage: z.object({ mime: z.string() }) },
 *   within: '30s',
 *   retry: { attempts: 5 },
 * })
 */
export function queue<
  const N extends string,
  I extends Schema | undefined = undefined,
  O extends Schema | undefined = undefined,
  E extends ErrorSchemas = Record<never, never>,
  P extends Schema | undefined = undefined,
  K extends CodecChoice = Codec,
>(name: N, options?: QueueOptions<I, O, E, P, K>): Contract<TypesFrom<N, I, O, E, P, K>> {
  checkName(name, 'the queue name')
  const of = `queue "${name}"`
  if (options !== undefined) checkOptions(options, known, of)
  const { input, output, progress, errors, within, timeout, priority = 0 } = options ?? {}
  const retry = readRetry(options?.retry, of)
  return Object.freeze({
    name,
    input: readSchema(input, `input of ${of}`),
    output: readSchema(output, `output of ${of}`),
    progress: readSchema(progress, `progress of ${of}`),
    errors: readErrors(errors, of),
    ...readCodecs(options?.codec, of),
    withinMs: positiveMs(within, limits.withinMsDefault, `within of ${of}`),
    timeoutMs: positiveMs(timeout, limits.timeoutMsDefault, `timeout of ${of}`),
    attempts: retry.attempts,
    delay: retry.delay,
    backoffMeta: retry.backoff && Object.freeze({ backoff: retry.backoff }),
    priority: wholeNumber(priority, `priority of ${of}`, 0, limits.priorityMax),
    settings: options === undefined ? undefined : readQueueSettings(options, of),
  })
}

function positiveMs(duration: Duration | undefined, defaultMs: number, what: string): number {
  if (duration === undefined) return defaultMs
  const ms = durationMs(duration, what)
  if (ms > 0) return ms
  throw new HomingError('bad-duration', `${what} is 0; give a duration above it`)
}

function readSchema(schema: Schema | undefined, what: string): Schema | undefined {
  if (schema === undefined) return undefined
  // arktype's schemas are functions.
  const holder: unknown = schema
  const standard =
    (typeof holder === 'object' && holder !== null) || typeof holder === 'function'
      ? (holder as { '~standard'?: { validate?: unknown } })['~standard']
      : undefined
  if (typeof standard?.validate === 'function') return schema
  throw new HomingError(
    'bad-argument',
    `${what} is not a Standard Schema; give one of zod, valibot, arktype or another (https://standardschema.dev)`,
  )
}

function readErrors(errors: ErrorSchemas | undefined, of: string): ReadonlyMap<string, Schema> {
  const read = new Map<string, Schema>()
  for (const [name, schema] of Object.entries(errors ?? {})) {
    checkName(name, `an error name of ${of}`)
    if (name === 'ok' || isBuiltinCode(name) || Object.hasOwn(errorCodes, name)) {
      throw new HomingError(
        'bad-name',
        `${of} declares an error "${name}", which has a meaning of its own in Homing; choose another name`,
      )
    }
    read.set(name, readSchema(schema, `error "${name}" of ${of}`) as Schema)
  }
  return read
}

function readCodecs(
  choice: CodecChoice | undefined,
  of: string,
): { inputCodec: Codec; outputCodec: Codec } {
  if (choice === undefined) return { inputCodec: json, outputCodec: json }
  if ('contentType' in choice) {
    const codec = readCodec(choice, of)
    return { inputCodec: codec, outputCodec: codec }
  }
  checkOptions(choice, codecSides, `codec of ${of}`)
  const { input = json, output = json } = choice
  return { inputCodec: readCodec(input, of), outputCodec: readCodec(output, of) }
}

function readCodec(codec: Codec, of: string): Codec {
  const { contentType, encode, decode } = codec
  if (typeof encode !== 'function' || typeof decode !== 'function') {
    throw new HomingError(
      'bad-argument',
      `the codec of ${of} has no encode and decode; give json, text, binary, msgpack() or avro(schema)`,
    )
  }
  checkName(contentType, `the content type of the codec of ${of}`)
  return codec
}
