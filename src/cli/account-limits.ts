/*
 * `homing user limits` and `homing vhost limits`: shown when nothing is to be set.
 */

import { type Command, InvalidArgumentError } from 'commander'
import type { AccountLimits } from '../server.ts'
import { done, withAccounts } from './accounts.ts'
import { type CommonOptions, type Invocation, wholeNumberFrom } from './command.ts'

/** Options by name of the limit. */
export type LimitOptions = CommonOptions & Readonly<Record<string, unknown>>

type Limits = Readonly<Record<string, number | undefined>>

export interface LimitsOf {
  /** What has them, in messages. */
  readonly what: string
  /** Option and what it limits, by name of the limit. */
  readonly options: Readonly<Record<string, readonly [option: string, meaning: string]>>
  read(limits: AccountLimits, name: string): Limits
  set(limits: AccountLimits, name: string, given: Limits): void
}

const none = 'none'

/** Gives the command its options and action. */
export function limitsCommand(command: Command, invocation: Invocation, of: LimitsOf): void {
  command.argument('<name>', 'which one')
  for (const [option, meaning] of Object.values(of.options))
    command.option(`--${option} <count>`, `${meaning}; none for no limit`, countOrNone)
  command.action((name: string, options: LimitOptions) =>
    withAccounts(invocation, options, async (_, { limits }) => {
      const given = givenOf(of, options)
      if (Object.keys(given).length === 0) return show(invocation, name, of.read(limits, name))
      of.set(limits, name, given)
      const facts = { name, ...shownLimits(of.read(limits, name)) }
      await done(invocation, facts, `limits of ${of.what} ${name} are changed`)
    }),
  )
}

function givenOf({ options: known }: LimitsOf, options: LimitOptions): Limits {
  const given = Object.keys(known)
    .filter((limit) => options[limit] !== undefined)
    .map((limit) => [limit, options[limit] === none ? undefined : Number(options[limit])] as const)
  return Object.fromEntries(given)
}

async function show({ terminal }: Invocation, name: string, limits: Limits): Promise<void> {
  if (terminal.json) return terminal.line(JSON.stringify({ name, ...shownLimits(limits) }))
  for (const [limit, value] of Object.entries(limits))
    await terminal.line(`${limit} ${value ?? none}`)
}

/** As JSON: what has no limit is null. */
const shownLimits = (limits: Limits): Readonly<Record<string, number | null>> =>
  Object.fromEntries(Object.entries(limits).map(([limit, value]) => [limit, value ?? null]))

const count = wholeNumberFrom(0, 1_000_000_000)

function countOrNone(text: string): number | typeof none {
  if (text === none) return none
  try {
    return count(text)
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error
    throw new InvalidArgumentError(`${error.message.replace(/\.$/, '')}, or none.`)
  }
}
