/*
 * Regular expressions that operators write, matched against names that clients choose.
 *
 *   plain pattern (no group repeated, at most two repetitions) ─▶ matched right away
 *   one that V8 can match in linear time ──────────────────────▶ matched so
 *   any other ─▶ matched under a time limit ─▶ too slow: no match, and the pattern rests for a while
 *
 * Rule: no name makes a pattern take the process. An expression like (a+)+$ tries for ages on a
 * name made for it; whoever chose the name is refused instead.
 */

import { performance } from 'node:perf_hooks'
import v8 from 'node:v8'
import vm from 'node:vm'
import { HomingError } from '../errors.ts'

interface Compiled {
  readonly regexp: RegExp
  /** Whether no name makes it slow. */
  readonly quick: boolean
  restsUntilMs: number
}

const patternCharactersMax = 1_024
const compiledMax = 10_000
const matchMsMax = 250
const restMs = 10_000

const compiledOf = new Map<string, Compiled>()

/** Whether the pattern finds a match anywhere in the name; '' never does. */
export function matchesPattern(pattern: string, name: string): boolean {
  if (pattern === '.*') return true
  if (pattern === '' || pattern === '^$') return name === '' && pattern !== ''
  const compiled = compiledFor(pattern)
  return compiled.quick ? compiled.regexp.test(name) : matchesInTime(compiled, name)
}

/** What is wrong with a pattern, or undefined. */
export function patternFault(pattern: string): string | undefined {
  if (pattern.length > patternCharactersMax) {
    return `has ${pattern.length} of at most ${patternCharactersMax} characters`
  }
  try {
    compile(pattern)
    return undefined
  } catch (error) {
    return `is no regular expression: ${(error as Error).message}`
  }
}

/** The pattern that matches this text and no other. */
export const quotePattern = (text: string): string =>
  text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')

function compiledFor(pattern: string): Compiled {
  const known = compiledOf.get(pattern)
  if (known !== undefined) return known
  const [oldest] = compiledOf.keys()
  if (compiledOf.size >= compiledMax && oldest !== undefined) compiledOf.delete(oldest)
  const linear = isPlain(pattern) ? compile(pattern) : inLinearTime(pattern)
  const regexp = linear ?? compile(pattern)
  const compiled = { regexp, quick: linear !== undefined, restsUntilMs: 0 }
  compiledOf.set(pattern, compiled)
  return compiled
}

/** `(?i)` at the start, which RabbitMQ's expressions know, means whatever the case. */
function compile(pattern: string, flags = ''): RegExp {
  return pattern.startsWith('(?i)')
    ? new RegExp(pattern.slice(4), `${flags}i`)
    : new RegExp(pattern, flags)
}

/**
 * Not more than quadratic in the length of a name, which is at most 255 bytes. What is optional and what
 * has alternatives counts as well: (a|a) thirty times over is a thousand million ways.
 */
function isPlain(pattern: string): boolean {
  const bare = pattern.replaceAll(/\\./g, 'x').replaceAll(/\[[^\]]*\]/g, 'x')
  if (/\)[*+?{]/.test(bare)) return false
  return (bare.match(/[*+{?|]/g)?.length ?? 0) <= 2
}

/** Undefined where V8 has no such way: look-arounds, back references, many repetitions. */
function inLinearTime(pattern: string): RegExp | undefined {
  v8.setFlagsFromString('--enable-experimental-regexp-engine')
  try {
    return compile(pattern, 'l')
  } catch {
    return undefined
  }
}

let sandbox: { readonly script: vm.Script; readonly context: vm.Context } | undefined

function matchesInTime(compiled: Compiled, name: string): boolean {
  if (performance.now() < compiled.restsUntilMs) return false
  sandbox ??= {
    script: new vm.Script('regexp.test(name)'),
    context: vm.createContext({ regexp: undefined, name: '' }),
  }
  const { script, context } = sandbox
  context.regexp = compiled.regexp
  context.name = name
  try {
    return script.runInContext(context, { timeout: matchMsMax }) === true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') {
      throw new HomingError('bad-argument', `matching ${compiled.regexp} failed`, { cause: error })
    }
    compiled.restsUntilMs = performance.now() + restMs
    return false
  }
}
