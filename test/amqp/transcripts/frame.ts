/*
 * Frames, cut out of a stream that begins with nothing or with a protocol header.
 *
 *   type 1 | channel 2 | size 4 | payload | 0xCE
 */

import { headerPayload, type Properties } from './content-header.ts'
import { type Fields, methodPayload } from './method.ts'
import { OctetWriter } from './octets.ts'

export const frameMethod = 1
export const frameHeader = 2
export const frameBody = 3
export const frameHeartbeat = 8
export const frameEnd = 0xce

export interface Frame {
  readonly type: number
  readonly channel: number
  readonly payload: Buffer
}

export function frameBytes(type: number, channel: number, payload: Uint8Array = Buffer.alloc(0)) {
  const writer = new OctetWriter().integer(type, 1).integer(channel, 2)
  return writer.longBytes(payload).integer(frameEnd, 1).bytes
}

export const methodFrame = (channel: number, name: string, fields: Fields = {}): Buffer =>
  frameBytes(frameMethod, channel, methodPayload(name, fields))

export interface Publish {
  readonly exchange?: string
  readonly routingKey?: string
  readonly mandatory?: boolean
  readonly immediate?: boolean
  readonly properties?: Properties
  readonly body?: string | Uint8Array
  /** Octets of body in a frame. */
  readonly bodyFrameBytes?: number
}

/** Method, header and body frames of a publish. */
export function publishFrames(channel: number, publish: Publish): readonly Buffer[] {
  const { properties, body = '', bodyFrameBytes = 4088, ...fields } = publish
  const bytes = typeof body === 'string' ? Buffer.from(body, 'latin1') : body
  const frames = [
    methodFrame(channel, 'basic.publish', fields),
    frameBytes(frameHeader, channel, headerPayload(bytes.length, properties)),
  ]
  for (let from = 0; from < bytes.length; from += bodyFrameBytes)
    frames.push(frameBytes(frameBody, channel, bytes.subarray(from, from + bodyFrameBytes)))
  return frames
}

/** Keeps what is left of a frame until the rest comes. */
export class FrameCutter {
  #rest: Buffer = Buffer.alloc(0)

  /** Whole frames in order; a protocol header is a frame of type 'A' with its octets as payload. */
  push(chunk: Buffer): readonly Frame[] {
    this.#rest = Buffer.concat([this.#rest, chunk])
    const frames: Frame[] = []
    for (let frame = this.#next(); frame !== undefined; frame = this.#next()) frames.push(frame)
    return frames
  }

  #next(): Frame | undefined {
    const rest = this.#rest
    if (rest.length < 8) return undefined
    if (rest.toString('latin1', 0, 4) === 'AMQP') return this.#cut(8, 0x41, 0, rest.subarray(0, 8))
    const octets = rest.readUInt32BE(3)
    if (rest.length < octets + 8) return undefined
    if (rest[octets + 7] !== frameEnd) throw new Error('a frame from the broker has no end octet')
    return this.#cut(octets + 8, rest[0] ?? 0, rest.readUInt16BE(1), rest.subarray(7, octets + 7))
  }

  #cut(octets: number, ...[type, channel, payload]: [number, number, Buffer]): Frame {
    this.#rest = this.#rest.subarray(octets)
    return { type, channel, payload: Buffer.from(payload) }
  }
}
