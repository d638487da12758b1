/*
 * Finds what a body codec would write but not give back the same: NaN becomes null, a function
 * vanishes, a Map becomes {}. One walk over the value before it is written; on a match the path is
 * rebuilt on the way out, so an innocent value pays for no path.
 *
 *   refused     function, symbol, BigInt, NaN, Infinity, an undefined array element, half a surrogate
 *               pair, a circle, nesting over limits.jsonDepthMax, Map, Set, RegExp, Promise, bytes …
 *   converted   an object with toJSON (Date, URL): written as something else; a schema may accept that
 *   accepted    everything else; an undefined property counts as absent, -0 as 0, and an instance of
 *               a class with plain fields as those fields
 */

import { HomingError } from '../errors.ts'
import { limits } from '../limits.ts'

/** What a codec writes beyond JSON. */
export interface CodecReach {
  readonly name: string
  readonly nonFinite: boolean
  readonly bigInt: boolean
  readonly undefinedElement: boolean
  /** Whether an object that is no plain one comes back the same. */
  comesBack(value: object): boolean
}

export const jsonReach: CodecReach = {
  name: 'JSON',
  nonFinite: false,
  bigInt: false,
  undefinedElement: false,
  comesBack: () => false,
}

interface Fault {
  readonly what: string
  /** Keys from the value outwards to the root. */
  readonly keys: string[]
  readonly converted: boolean
}

/** Path of the first converted value, or undefined. Fails with `unserialisable`, naming the path. */
export function checkSerialisable(value: unknown, reach: CodecReach): string | undefined {
  const first = guardedWalk(value, reach, false)
  if (first === undefined) return undefined
  // Behind a converted value there may be a real fault: look again, past all of them.
  const real = first.converted ? guardedWalk(value, reach, true) : first
  if (real === undefined) return sentence(first)
  throw new HomingError('unserialisable', `${sentence(real)} cannot be written as ${reach.name}`)
}

function sentence({ what, keys }: Fault): string {
  return keys.length > 40 ? `${what} deep inside` : `${what} at $${keys.reverse().join('')}`
}

function guardedWalk(value: unknown, reach: CodecReach, convertedPass: boolean): Fault | undefined {
  try {
    return new Walk(reach, convertedPass).fault(value, 0)
  } catch (cause) {
    if (cause instanceof HomingError) throw cause
    throw new HomingError(
      'unserialisable',
      `the value cannot be read in order to write it: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    )
  }
}

class Walk {
  readonly #reach: CodecReach
  readonly #convertedPass: boolean
  /** A value takes at least two bytes, so more values than bytes allowed need no further counting. */
  #valuesLeft: number = limits.bodyBytesMax

  constructor(reach: CodecReach, convertedPass: boolean) {
    this.#reach = reach
    this.#convertedPass = convertedPass
  }

  fault(value: unknown, depth: number): Fault | undefined {
    switch (typeof value) {
      case 'string':
        return value.isWellFormed() ? undefined : fault('a text with half of a surrogate pair')
      case 'number':
        return Number.isFinite(value) || this.#reach.nonFinite ? undefined : fault(String(value))
      case 'object':
        return value === null ? undefined : this.#objectFault(value, depth)
      case 'boolean':
        return undefined
      case 'undefined':
        return depth === 0 || this.#reach.undefinedElement ? undefined : fault('undefined')
      case 'bigint':
        return this.#reach.bigInt ? undefined : fault(`the BigInt ${value}n`)
      default:
        return fault(`a ${typeof value}`)
    }
  }

  #objectFault(value: object, depth: number): Fault | undefined {
    if (depth >= limits.jsonDepthMax) {
      return fault(`nesting deeper than ${limits.jsonDepthMax} levels, perhaps a circle,`)
    }
    if (Array.isArray(value)) return this.#elementsFault(value, depth)
    const prototype = Object.getPrototypeOf(value)
    if (prototype === Object.prototype || prototype === null) {
      return this.#propertiesFault(value, depth)
    }
    return this.#instanceFault(value, depth)
  }

  #elementsFault(elements: readonly unknown[], depth: number): Fault | undefined {
    this.#count(elements.length)
    // A `for of` would skip nothing either, but holes must be seen as undefined: by index.
    for (let n = 0; n < elements.length; n++) {
      const found = this.fault(elements[n], depth + 1)
      if (found !== undefined) return within(found, `[${n}]`)
    }
    return undefined
  }

  #propertiesFault(value: object, depth: number): Fault | undefined {
    let count = 0
    for (const key in value) {
      count++
      const property = (value as Record<string, unknown>)[key]
      if (property === undefined) continue
      const found = this.fault(property, depth + 1)
      if (found !== undefined) return within(found, step(key))
      if (!key.isWellFormed()) return fault('a property name with half of a surrogate pair')
    }
    this.#count(count)
    return undefined
  }

  #instanceFault(value: object, depth: number): Fault | undefined {
    if (this.#reach.comesBack(value)) return undefined
    if (value instanceof Date && Number.isNaN(value.getTime())) return fault('an invalid Date')
    if (typeof (value as { toJSON?: unknown }).toJSON === 'function') {
      return this.#convertedPass ? undefined : fault(`a ${kindOf(value)}`, true)
    }
    // Builtin kinds keep what they hold in internal slots, of which nothing would be written.
    if (Object.prototype.toString.call(value) !== '[object Object]') {
      return fault(`a ${kindOf(value)}`)
    }
    return this.#propertiesFault(Object.assign(Object.create(null), value), depth)
  }

  #count(values: number): void {
    this.#valuesLeft -= values
    if (this.#valuesLeft < 0) {
      throw new HomingError(
        'message-too-large',
        `the value holds more than ${limits.bodyBytesMax} values; a body may have ${limits.bodyBytesMax} bytes: send it in pieces`,
      )
    }
  }
}

function fault(what: string, converted = false): Fault {
  return { what, keys: [], converted }
}

function within(found: Fault, key: string): Fault {
  found.keys.push(key)
  return found
}

function step(key: string): string {
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`
}

function kindOf(value: object): string {
  const name = value.constructor?.name
  return typeof name === 'string' && name !== '' ? name : 'special object'
}
