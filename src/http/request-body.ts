/*
 * The body of a request, read up to its limit and not a byte further.
 */

import { Buffer } from 'node:buffer'
import type { z } from 'zod'
import { HomingError } from '../errors.ts'
import { limits } from '../limits.ts'
import type { TakenRoom } from './body-room.ts'
import { fitted } from './fitted.ts'
import type { Route } from './route.ts'

/** Fails with `message-too-large`, `media-type-refused`, `bad-argument`, `memory-full`. */
export async function readBody(route: Route, request: Request, room: TakenRoom): Promise<unknown> {
  const { body: shape, bodyBytesMax = limits.httpBodyBytesMax } = route
  if (shape === undefined) return undefined
  const bytes = await bytesOf(request, bodyBytesMax, room)
  return shape === 'bytes' ? bytes : jsonFrom(bytes, request.headers, shape)
}

async function bytesOf(request: Request, bytesMax: number, room: TakenRoom): Promise<Uint8Array> {
  const declared = request.headers.get('content-length')
  if (Number(declared ?? 0) > bytesMax) throw tooLarge(bytesMax)
  room.need(Number(declared ?? 0))
  // No more comes than was declared; so it need not be counted as it comes, which takes its time.
  if (declared !== null) return new Uint8Array(await request.arrayBuffer())
  if (request.body === null) return new Uint8Array(0)
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of request.body) {
    length += chunk.length
    if (length > bytesMax) throw tooLarge(bytesMax)
    room.need(length)
    chunks.push(chunk)
  }
  const [only] = chunks
  return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks, length)
}

function jsonFrom(bytes: Uint8Array, headers: Headers, shape: z.ZodType): unknown {
  const type = headers.get('content-type') ?? ''
  // Scripts for RabbitMQ send none, or what curl sends when nothing is said. Pages of other origins, which
  // can send these, have been refused before.
  const isJson = /^(?:$|application\/(?:(?:[\w.+-]+\+)?json|x-www-form-urlencoded)\b)/i.test(type)
  if (!isJson && bytes.length > 0) {
    throw new HomingError(
      'media-type-refused',
      `the body is of type "${type.slice(0, 100)}"; send application/json`,
    )
  }
  return fitted(shape, bytes.length === 0 ? {} : parsed(bytes), 'the body')
}

function parsed(bytes: Uint8Array): unknown {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return JSON.parse(text, /\\u[dD][89a-fA-F]/.test(text) ? wellFormed : undefined) as unknown
  } catch (cause) {
    throw new HomingError('bad-argument', `the body is no JSON: ${(cause as Error).message}`, {
      cause,
    })
  }
}

/** Half of a character, `"\ud800"`, cannot be written as UTF-8: another text would be kept than the one sent. */
function wellFormed(name: string, value: unknown): unknown {
  const isHalf = !name.isWellFormed() || (typeof value === 'string' && !value.isWellFormed())
  if (isHalf) throw new SyntaxError('a text has half of a character, a lone surrogate')
  return value
}

const tooLarge = (bytesMax: number): HomingError =>
  new HomingError('message-too-large', `the body of the request is over ${bytesMax} bytes`)
