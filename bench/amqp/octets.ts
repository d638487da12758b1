/*
 * Frames of AMQP 0-9-1, put together once before the load begins.
 *
 *   type u8 · channel u16 · size u32 · payload · 0xCE          (§4.2.3)
 *   payload of a method: class u16 · method u16 · arguments
 *
 * Only what the load needs, and nothing of src/: a mistake there must not be repeated here.
 */

import { Buffer } from 'node:buffer'

export const frameEnd = 0xce
/** Type, channel and size before the payload, and the end octet after it. */
export const frameOverhead = 8

export function u8(value: number): Buffer {
  return Buffer.of(value)
}

export function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(value)
  return bytes
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

export function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(value))
  return bytes
}

export function shortString(text: string): Buffer {
  const bytes = Buffer.from(text)
  return Buffer.concat([u8(bytes.length), bytes])
}

export function longString(text: string | Buffer): Buffer {
  const bytes = Buffer.from(text)
  return Buffer.concat([u32(bytes.length), bytes])
}

export type TableValue = string | boolean | number | TableFields
export interface TableFields {
  readonly [name: string]: TableValue
}

export function table(fields: TableFields): Buffer {
  const entries = Object.entries(fields).map(([name, value]) =>
    Buffer.concat([shortString(name), tableValue(value)]),
  )
  return longString(Buffer.concat(entries))
}

function tableValue(value: TableValue): Buffer {
  if (typeof value === 'string') return Buffer.concat([Buffer.from('S'), longString(value)])
  if (typeof value === 'boolean') return Buffer.from([0x74, value ? 1 : 0])
  if (typeof value === 'number') return Buffer.concat([Buffer.from('I'), u32(value)])
  return Buffer.concat([Buffer.from('F'), table(value)])
}

export function frame(type: number, channel: number, payload: Buffer): Buffer {
  return Buffer.concat([u8(type), u16(channel), u32(payload.length), payload, u8(frameEnd)])
}

/** `id` is class and method in one number, as {@link methodIds} has them. */
export const method = (channel: number, id: number, ...args: readonly Buffer[]): Buffer =>
  frame(1, channel, Buffer.concat([u32(id), ...args]))

export interface PublishFrames {
  readonly exchange: string
  readonly routingKey: string
  readonly persistent: boolean
  readonly body: Buffer
}

/** A whole publish: method, content header with only a delivery mode, body. */
export function publishFrames(channel: number, publish: PublishFrames): Buffer {
  const { exchange, routingKey, persistent, body } = publish
  const deliveryModeFlag = 0x1000
  const header = Buffer.concat([
    ...[u16(60), u16(0), u64(body.length)],
    ...[u16(deliveryModeFlag), u8(persistent ? 2 : 1)],
  ])
  return Buffer.concat([
    method(
      channel,
      methodIds.publish,
      u16(0),
      shortString(exchange),
      shortString(routingKey),
      u8(0),
    ),
    frame(2, channel, header),
    frame(3, channel, body),
  ])
}

const id = (classId: number, methodId: number): number => classId * 0x10000 + methodId

export const methodIds = {
  start: id(10, 10),
  startOk: id(10, 11),
  tune: id(10, 30),
  tuneOk: id(10, 31),
  open: id(10, 40),
  openOk: id(10, 41),
  close: id(10, 50),
  closeOk: id(10, 51),
  channelOpen: id(20, 10),
  channelOpenOk: id(20, 11),
  channelClose: id(20, 40),
  exchangeDeclare: id(40, 10),
  exchangeDeclareOk: id(40, 11),
  exchangeDelete: id(40, 20),
  exchangeDeleteOk: id(40, 21),
  queueDeclare: id(50, 10),
  queueDeclareOk: id(50, 11),
  queueBind: id(50, 20),
  queueBindOk: id(50, 21),
  queueDelete: id(50, 40),
  queueDeleteOk: id(50, 41),
  qos: id(60, 10),
  qosOk: id(60, 11),
  consume: id(60, 20),
  consumeOk: id(60, 21),
  publish: id(60, 40),
  deliver: id(60, 60),
  ack: id(60, 80),
  nack: id(60, 120),
  confirmSelect: id(85, 10),
  confirmSelectOk: id(85, 11),
} as const
