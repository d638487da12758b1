/*
 * The three consumers of the demo. What they do is real work on real files; what goes wrong is real
 * too, but for one in twenty hashes, which stumbles on purpose to show what a retry is.
 *
 *   demo.words    counts words and lines      refuses what is no text: declared error NotText, final
 *   demo.sha256   hashes                      stumbles once or twice: thrown, then tried again
 *   demo.gzip     compresses                  a file that is gone: thrown on every attempt, a dead letter
 */

import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { type AnyContract, type Consumer, type Delivery, type Home, queue } from '../../index.ts'
import type { Piece } from './demo-files.ts'

/** A Standard Schema that takes what it is given: the demo sends to itself. */
const shape = <T>() => ({
  '~standard': {
    version: 1 as const,
    vendor: 'homing',
    validate: (value: unknown) => ({ value: value as T }),
    types: undefined as { readonly input: T; readonly output: T } | undefined,
  },
})

const common = {
  input: shape<Piece>(),
  within: '10m',
  retry: { attempts: 3, backoff: { base: '50ms', factor: 2 } },
} as const

export const words = queue('demo.words', {
  ...common,
  output: shape<{ words: number; lines: number }>(),
  errors: { NotText: shape<{ path: string; zeroAt: number }>() },
})

export const sha256 = queue('demo.sha256', { ...common, output: shape<{ sha256: string }>() })

export const gzipped = queue('demo.gzip', {
  ...common,
  output: shape<{ bytes: number; gzipped: number }>(),
})

export const demoQueues = [words, sha256, gzipped] as const

const concurrency = 16
const compress = promisify(gzip)

/** Puts the three to work; `handled` is told the id of each message that one of them takes up. */
export function startWork(home: Home, handled: (id: string) => void): readonly Consumer[] {
  const told =
    <C extends AnyContract, R>(handle: (delivery: Delivery<C>) => Promise<R>) =>
    (delivery: Delivery<C>): Promise<R> => {
      handled(delivery.id)
      return handle(delivery)
    }
  return [
    home.consume(words, told(countWords), { concurrency }),
    home.consume(sha256, told(hash), { concurrency }),
    home.consume(gzipped, told(shrink), { concurrency }),
  ]
}

async function countWords({ input, fail }: Delivery<typeof words>) {
  const bytes = await read(input)
  const zeroAt = bytes.indexOf(0)
  if (zeroAt !== -1) throw fail('NotText', { path: input.path, zeroAt: input.from + zeroAt })
  const text = bytes.toString('utf8')
  return {
    words: text.match(/\S+/g)?.length ?? 0,
    lines: text.split('\n').length - 1,
  }
}

async function hash({ id, input, attempt }: Delivery<typeof sha256>) {
  if (attempt <= stumblesOf(id)) throw new Error('stumbled on purpose, as a busy service would')
  return {
    sha256: createHash('sha256')
      .update(await read(input))
      .digest('hex'),
  }
}

async function shrink({ input }: Delivery<typeof gzipped>) {
  const bytes = await read(input)
  return { bytes: bytes.length, gzipped: (await compress(bytes)).length }
}

/** One in twenty stumbles once, one in a hundred twice. The same id always does the same. */
function stumblesOf(id: string): number {
  const number = Number(id.slice(id.lastIndexOf(':') + 1))
  if (number % 100 === 0) return 2
  return number % 20 === 0 ? 1 : 0
}

async function read({ path, from, bytes }: Piece): Promise<Buffer> {
  const file = await open(path)
  try {
    const into = Buffer.alloc(bytes)
    const { bytesRead } = await file.read(into, 0, bytes, from)
    return into.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}
