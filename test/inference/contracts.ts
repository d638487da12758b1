import { type } from 'arktype'
import * as v from 'valibot'
import { z } from 'zod'
import { binary, queue, text } from '../../src/index.ts'

/** One contract with everything, and one of each kind besides. */
export const resize = queue('resize', {
  input: z.object({ url: z.string(), width: z.number().default(800) }),
  output: z.object({ key: z.string(), bytes: z.number() }),
  errors: {
    NotAnImage: z.object({ mime: z.string() }),
    Gone: z.undefined(),
    Late: z.object({ since: z.coerce.date() }),
  },
  progress: z.object({ percent: z.number() }),
  within: '30s',
  retry: { attempts: 5, backoff: { base: '1s' } },
})

export const other = queue('other', { input: z.object({ a: z.number() }) })
export const bare = queue('bare')
export const texts = queue('texts', { codec: text })
export const bytes = queue('bytes', { codec: binary })
export const mixed = queue('mixed', { codec: { input: binary, output: text } })
export const length = queue('length', {
  input: z.string().transform((characters) => characters.length),
  output: z.number(),
})

export const withValibot = queue('valibot', {
  input: v.object({ n: v.pipe(v.string(), v.transform(Number)) }),
  output: v.optional(v.number(), 7),
  errors: { Odd: v.object({ n: v.number() }) },
})

export const withArktype = queue('arktype', {
  input: type({ n: 'string.numeric.parse' }),
  output: type('number'),
  errors: { Odd: type({ n: 'number' }) },
})
