/*
 * Reads and writes the elementary types of AMQP, one growing list and one moving place. Strings are
 * latin1: one character an octet. Written for clearness; no broker depends on it.
 */

import { typed, type Value, type ValueTable, withLetter } from './typed-value.ts'

export class OctetWriter {
  readonly #parts: Buffer[] = []

  get bytes(): Buffer {
    return Buffer.concat(this.#parts)
  }

  raw(bytes: Uint8Array): this {
    this.#parts.push(Buffer.from(bytes))
    return this
  }

  integer(value: number | bigint, octets: number): this {
    const bytes = Buffer.alloc(8)
    bytes.writeBigUInt64BE(BigInt.asUintN(64, BigInt(value)))
    return this.raw(bytes.subarray(8 - octets))
  }

  shortString(value: string): this {
    const bytes = Buffer.from(value, 'latin1')
    return this.integer(bytes.length, 1).raw(bytes)
  }

  longBytes(bytes: Uint8Array): this {
    return this.integer(bytes.length, 4).raw(bytes)
  }

  table(table: ValueTable): this {
    const inner = new OctetWriter()
    for (const [name, value] of Object.entries(table)) inner.shortString(name).value(value)
    return this.longBytes(inner.bytes)
  }

  value(value: Value): this {
    const { letter, value: plain } = withLetter(value)
    this.raw(Buffer.from(letter, 'latin1'))
    switch (letter) {
      case 't':
        return this.integer(plain === true ? 1 : 0, 1)
      case 'S':
        return this.longBytes(Buffer.from(plain as string, 'latin1'))
      case 'x':
        return this.longBytes(plain as Uint8Array)
      case 'V':
        return this
      case 'F':
        return this.table(plain as ValueTable)
      case 'A': {
        const inner = new OctetWriter()
        for (const item of plain as readonly Value[]) inner.value(item)
        return this.longBytes(inner.bytes)
      }
      case 'f':
      case 'd':
        return this.#float(Number(plain), letter)
      case 'D':
        // Its scale octet stands in the high part: 2n << 32n | 314n is 3.14.
        return this.integer(plain as bigint, 5)
      default:
        return this.integer(plain as number | bigint, integerOctets(letter))
    }
  }

  #float(value: number, letter: 'f' | 'd'): this {
    const bytes = Buffer.alloc(letter === 'f' ? 4 : 8)
    if (letter === 'f') bytes.writeFloatBE(value)
    else bytes.writeDoubleBE(value)
    return this.raw(bytes)
  }
}

export class OctetReader {
  readonly #bytes: Buffer
  #place = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes)
  }

  get remaining(): number {
    return this.#bytes.length - this.#place
  }

  raw(octets: number): Buffer {
    if (octets > this.remaining) throw new Error(`${octets} octets wanted, ${this.remaining} left`)
    this.#place += octets
    return this.#bytes.subarray(this.#place - octets, this.#place)
  }

  unsigned(octets: number): number {
    return Number(`0x${this.raw(octets).toString('hex')}`)
  }

  signed(octets: number): bigint {
    return BigInt.asIntN(octets * 8, BigInt(`0x${this.raw(octets).toString('hex')}`))
  }

  shortString(): string {
    return this.raw(this.unsigned(1)).toString('latin1')
  }

  longBytes(): Buffer {
    return this.raw(this.unsigned(4))
  }

  #integer(letter: string): bigint {
    const value = this.signed(integerOctets(letter))
    return 'BuiT'.includes(letter) ? BigInt.asUintN(integerOctets(letter) * 8, value) : value
  }

  table(): ValueTable {
    const inner = new OctetReader(this.longBytes())
    // No prototype: a header may be called __proto__.
    const table: Record<string, Value> = Object.create(null)
    while (inner.remaining > 0) {
      const name = inner.shortString()
      table[name] = inner.value()
    }
    return table
  }

  value(): Value {
    const letter = this.raw(1).toString('latin1')
    switch (letter) {
      case 't':
        return typed(letter, this.unsigned(1) !== 0)
      case 'S':
        return typed(letter, this.longBytes().toString('latin1'))
      case 'x':
        return typed(letter, this.longBytes())
      case 'V':
        return typed(letter, null)
      case 'F':
        return typed(letter, this.table())
      case 'A': {
        const inner = new OctetReader(this.longBytes())
        const items: Value[] = []
        while (inner.remaining > 0) items.push(inner.value())
        return typed(letter, items)
      }
      case 'f':
        return typed(letter, this.raw(4).readFloatBE())
      case 'd':
        return typed(letter, this.raw(8).readDoubleBE())
      case 'D':
        return typed(letter, this.signed(5))
      default:
        return typed(letter, this.#integer(letter))
    }
  }
}

function integerOctets(letter: string): number {
  const octets = { b: 1, B: 1, s: 2, u: 2, I: 4, i: 4, l: 8, L: 8, T: 8 }[letter]
  if (octets === undefined) throw new Error(`no field type has the letter ${letter}`)
  return octets
}
