import { scenario } from '../scenario.ts'
import { typed, type Value, type ValueTable } from '../typed-value.ts'

interface ArgumentCase {
  readonly argument: string
  readonly valid: readonly Value[]
  readonly invalid: readonly Value[]
  /** Needed beside it. */
  readonly beside?: ValueTable
}

const cases: readonly ArgumentCase[] = [
  {
    argument: 'x-message-ttl',
    valid: [0, 1, 315_360_000_000n, typed('b', 5), typed('s', 5), typed('l', 5)],
    invalid: [-1, 'ten', '10', true, null, 315_360_000_001n, 1.5, typed('T', 5), {}, []],
  },
  {
    argument: 'x-expires',
    valid: [60_000, 315_360_000_000n],
    invalid: [0, -1, '60000', 315_360_000_001n, null],
  },
  { argument: 'x-max-length', valid: [0, 5], invalid: [-1, '5', null, 2.5] },
  { argument: 'x-max-length-bytes', valid: [0, 5], invalid: [-1, '5', null] },
  { argument: 'x-max-priority', valid: [0, 1, 255], invalid: [-1, 256, '5', null] },
  {
    argument: 'x-overflow',
    valid: ['drop-head', 'reject-publish', 'reject-publish-dlx'],
    invalid: ['drop-tail', '', 5, null],
  },
  { argument: 'x-dead-letter-exchange', valid: ['', 'missing', 'amq.direct'], invalid: [5, null] },
  {
    argument: 'x-dead-letter-routing-key',
    valid: ['', 'k'],
    invalid: [5, null],
    beside: { 'x-dead-letter-exchange': '' },
  },
  { argument: 'x-single-active-consumer', valid: [true, false], invalid: ['true', 1, null] },
  { argument: 'x-queue-mode', valid: ['default', 'lazy'], invalid: ['quick', 5] },
  { argument: 'x-queue-version', valid: [1, 2], invalid: [3, '2'] },
  { argument: 'x-queue-master-locator', valid: ['client-local'], invalid: [] },
  { argument: 'x-unknown', valid: [5, 'text', null, {}], invalid: [] },
]

async function judged(s: Parameters<Parameters<typeof scenario>[1]>[0], args: ValueTable) {
  const ch = await s.channel()
  const declared = await ch.declare('q', args)
  if (declared !== undefined) await ch.call('queue.delete', { queue: 'q' })
}

const durable = { durable: true }

export const queueArgumentsScenarios = [
  ...cases.map(({ argument, valid, beside }) =>
    scenario(`${argument}: values that are accepted`, async (s) => {
      for (const value of valid) await judged(s, { ...beside, [argument]: value })
    }),
  ),
  ...cases
    .filter(({ invalid }) => invalid.length > 0)
    .map(({ argument, invalid, beside }) =>
      scenario(`${argument}: values that are refused`, async (s) => {
        for (const value of invalid) await judged(s, { ...beside, [argument]: value })
      }),
    ),
  ...cases.map(({ argument, valid, beside }) =>
    scenario(
      `${argument}: a queue with it, declared again without it, with it and otherwise`,
      async (s) => {
        const ch = await s.channel()
        const value = valid.at(-1) ?? null
        await ch.declare('q', { ...beside, [argument]: value })
        await ch.declare('q', { ...beside, [argument]: value })
        await ch.declare('q', { ...beside, [argument]: valid[0] ?? null })
        await (await s.channel()).declare('q', { ...beside })
      },
    ),
  ),
  scenario('an argument that a queue was declared without is refused later', async (s) => {
    await (await s.channel()).declare('q')
    for (const args of [{ 'x-message-ttl': 5 }, { 'x-max-priority': 5 }, { 'x-unknown': 5 }])
      await (await s.channel()).declare('q', args)
  }),
  scenario('whole numbers of other widths are the same argument', async (s) => {
    const ch = await s.channel()
    await ch.declare('q', { 'x-message-ttl': 5000 })
    await ch.declare('q', { 'x-message-ttl': typed('l', 5000) })
    await ch.declare('q', { 'x-message-ttl': typed('s', 5000) })
  }),
  scenario('a dead-letter routing key without an exchange is refused', async (s) => {
    await (await s.channel()).declare('q', { 'x-dead-letter-routing-key': 'k' })
  }),
  scenario('x-queue-type classic is what a queue is anyway', async (s) => {
    const ch = await s.channel()
    await ch.declare('q', { 'x-queue-type': 'classic' }, durable)
    await ch.declare('q', {}, durable)
    await ch.declare('r', {}, durable)
    await ch.declare('r', { 'x-queue-type': 'classic' }, durable)
    await ch.declare('r', { 'x-queue-type': 'quorum' }, durable)
  }),
  scenario('an unknown x-queue-type is refused', async (s) => {
    const ch = await s.channel()
    await ch.declare('q', { 'x-queue-type': 'heap' }, durable)
  }),
  scenario('an x-queue-type that is no string is refused', async (s) => {
    const ch = await s.channel()
    await ch.declare('q', { 'x-queue-type': 5 }, durable)
  }),
  scenario('an x-queue-type with a void value', async (s) => {
    const ch = await s.channel()
    await ch.declare('q', { 'x-queue-type': null }, durable)
  }),
]
