/*
 * Bytes to throw at the AMQP codec: random ones, and good ones that were damaged.
 *
 *   seed ─▶ target (stream, method, table, properties) ─▶ sample of it ─▶ damage ─▶ input
 *
 * One seed makes one input, on every machine; a campaign is a row of seeds.
 */

import fc from 'fast-check'
import { ByteWriter } from '../../src/amqp/protocol/byte-writer.ts'
import { deadLetteredProperties } from '../../src/amqp/protocol/dead-letter-headers.ts'
import { encodeTable } from '../../src/amqp/protocol/field-table.ts'
import { FrameWriter } from '../../src/amqp/protocol/frame-writer.ts'
import { encodeMethod } from '../../src/amqp/protocol/methods.ts'
import { encodeProperties } from '../../src/amqp/protocol/properties.ts'
import { type RandomSource, randomSource } from '../../src/testing/random.ts'
import { anyMethodNamed, anyProperties, anyTable, methodNames } from './arbitraries.ts'

export type Target = 'stream' | 'method' | 'table' | 'properties'

export interface CodecInput {
  readonly target: Target
  readonly bytes: Buffer
  /** For what else is to be chosen while it is tried. */
  readonly random: RandomSource
}

export type Corpus = Readonly<Record<Target, readonly Buffer[]>>

/** Longest input: the default frame_max. */
const bytesMax = 131_072
const bodyBytesMax = 40
const frameMax = 32

/** Good bytes of every target; always the same ones. */
export function corpus(): Corpus {
  const sampled = <T>(arbitrary: fc.Arbitrary<T>, numRuns: number) =>
    fc.sample(arbitrary, { seed: 1, numRuns })
  const methods = methodNames.flatMap((name) => sampled(anyMethodNamed(name), 4))
  const plain = sampled(anyProperties, 60).map(encodeProperties)
  const death = { queue: 'q', reason: 'expired', exchange: 'e', routingKeys: ['k'] } as const
  const dead = plain.map((properties, n) =>
    deadLetteredProperties(properties, { ...death, timeSeconds: n, dropCC: n % 2 === 0 }),
  )
  const properties = [...plain, ...dead]
  const streams = properties.map((bytes, n) => {
    const writer = new FrameWriter()
    for (let at = n; at < methods.length; at += properties.length)
      writer.method(at, methods[at] as (typeof methods)[number])
    writer.content(n, bytes, Buffer.alloc(n % bodyBytesMax), frameMax)
    writer.ack(n, n, false)
    writer.heartbeat()
    return writer.take()
  })
  const payloads = methods.map((method) => {
    const writer = new ByteWriter()
    encodeMethod(writer, method)
    return writer.take()
  })
  const tables = sampled(anyTable, 100).map(encodeTable)
  return { stream: streams, method: payloads, table: tables, properties }
}

export function codecInput(seed: number, good: Corpus): CodecInput {
  const random = randomSource(seed)
  const target = random.weighted({ stream: 3, method: 3, table: 2, properties: 3 })
  const bytes = random.chance(0.1)
    ? randomBytes(random, random.below(80))
    : damaged(random.pick(good[target]), good[target], random)
  return { target, bytes: bytes.subarray(0, bytesMax), random }
}

function damaged(bytes: Buffer, others: readonly Buffer[], random: RandomSource): Buffer {
  let result: Buffer = Buffer.from(bytes)
  for (let wounds = random.below(4); wounds > 0; wounds--)
    result = damages[random.below(damages.length)]?.(result, random, others) ?? result
  // Rarely, for these cost as much as thousands of others.
  return random.chance(0.003) ? repeated(result, random) : result
}

type Damage = (bytes: Buffer, random: RandomSource, others: readonly Buffer[]) => Buffer

const telling = [0, 1, 2, 8, 60, 127, 128, 206, 255, ...Buffer.from('AFSVltxDTQ')]
const numbers = [0, 1, 0x7f, 0xff, 0x100, 0xffff, 0x1_0000, 0x7fff_ffff, 0xffff_fffb, 0xffff_ffff]

const damages: readonly Damage[] = [
  function flipBit(bytes, random) {
    const at = random.below(bytes.length + 1)
    if (at < bytes.length) bytes.writeUInt8((bytes[at] as number) ^ (1 << random.below(8)), at)
    return bytes
  },
  function setOctet(bytes, random) {
    const at = random.below(bytes.length + 1)
    if (at < bytes.length) bytes.writeUInt8(random.pick(telling), at)
    return bytes
  },
  function setNumber(bytes, random) {
    if (bytes.length < 4) return bytes
    bytes.writeUInt32BE(random.pick(numbers), random.below(bytes.length - 3))
    return bytes
  },
  function cutEnd(bytes, random) {
    return bytes.subarray(0, random.below(bytes.length + 1))
  },
  function cutOut(bytes, random) {
    const [from, end] = range(bytes, random)
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(end)])
  },
  function putIn(bytes, random) {
    const [at] = range(bytes, random)
    const extra = randomBytes(random, random.below(12))
    return Buffer.concat([bytes.subarray(0, at), extra, bytes.subarray(at)])
  },
  function double(bytes, random) {
    const [from, end] = range(bytes, random)
    return Buffer.concat([bytes.subarray(0, end), bytes.subarray(from)])
  },
  function graft(bytes, random, others) {
    const other = random.pick(others)
    const [from, end] = range(other, random)
    const [at] = range(bytes, random)
    return Buffer.concat([bytes.subarray(0, at), other.subarray(from, end), bytes.subarray(at)])
  },
]

/** A piece again and again, up to the longest input: deep, wide or long. */
function repeated(bytes: Buffer, random: RandomSource): Buffer {
  const [from, end] = range(bytes, random)
  const piece = bytes.subarray(from, Math.min(end, from + 1 + random.below(60)))
  if (piece.length === 0) return bytes
  const row = Buffer.alloc(random.below(bytesMax), piece)
  return Buffer.concat([bytes.subarray(0, end), row, bytes.subarray(end)])
}

function range(bytes: Buffer, random: RandomSource): readonly [from: number, end: number] {
  const from = random.below(bytes.length + 1)
  return [from, random.between(from, bytes.length)]
}

function randomBytes(random: RandomSource, count: number): Buffer {
  return Buffer.from(Array.from({ length: count }, () => random.below(256)))
}
