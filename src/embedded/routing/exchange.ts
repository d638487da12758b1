import { HomingError } from '../../errors.ts'
import { baseName } from '../../scoped-name.ts'
import type { HeaderTable, HeaderValue } from './header-value.ts'

/** How bindings can be matched. */
export const matchingTypes = ['direct', 'fanout', 'topic', 'headers'] as const
export type MatchingType = (typeof matchingTypes)[number]

/** Routes as its argument `x-delayed-type` says; who publishes to it may ask for a delay. */
export const delayedType = 'x-delayed-message'

export const exchangeTypes = [...matchingTypes, delayedType] as const
export type ExchangeType = (typeof exchangeTypes)[number]

export interface ExchangeSettings {
  readonly type: ExchangeType
  /** Default true. Routing only keeps it. */
  readonly durable?: boolean
  /** To be deleted when its last binding goes; `Unbound.unused` tells when. Default false. */
  readonly autoDelete?: boolean
  /** Publishers may not name it; only bindings and alternates lead to it. Routing only keeps it. */
  readonly internal?: boolean
  /** Takes the messages that no binding of this exchange matches. Need not exist yet. */
  readonly alternate?: string
  /** Further arguments of the declaration, kept and not compared. */
  readonly args?: HeaderTable
}

/** An exchange as declared, with every setting. */
export interface Exchange extends Required<Omit<ExchangeSettings, 'alternate'>> {
  readonly name: string
  readonly alternate: string | undefined
}

/** The exchange whose routing key is the queue's name. */
export const defaultExchange = ''

/** There from the start in every virtual host, and not to be deleted. */
export const predeclaredExchanges: ReadonlyMap<string, ExchangeSettings> = new Map<
  string,
  ExchangeSettings
>([
  [defaultExchange, { type: 'direct' }],
  ['amq.direct', { type: 'direct' }],
  ['amq.fanout', { type: 'fanout' }],
  ['amq.topic', { type: 'topic' }],
  ['amq.headers', { type: 'headers' }],
  ['amq.match', { type: 'headers' }],
  ['amq.rabbitmq.trace', { type: 'topic', internal: true }],
])

export const isPredeclared = (name: string): boolean => predeclaredExchanges.has(baseName(name))

/** Whether it is the default exchange of some virtual host. */
export const isDefaultExchange = (name: string): boolean => baseName(name) === defaultExchange

export function exchangeOf(name: string, settings: ExchangeSettings): Exchange {
  const { type, durable = true, autoDelete = false, internal = false } = settings
  if (!exchangeTypes.includes(type))
    throw new HomingError(
      'bad-argument',
      `exchange "${name}" is declared with type '${String(type)}'; known are ${exchangeTypes.join(', ')}`,
    )
  const { alternate, args = new Map<string, HeaderValue>() } = settings
  if (type === delayedType) matchingTypeIn(name, args)
  return { name, type, durable, autoDelete, internal, alternate, args }
}

/** How an exchange matches its bindings. */
export const matchingTypeOf = ({ name, type, args }: Exchange): MatchingType =>
  type === delayedType ? matchingTypeIn(name, args) : type

function matchingTypeIn(name: string, args: HeaderTable): MatchingType {
  const asked = args.get('x-delayed-type')
  const known = matchingTypes.find((type) => type === asked)
  if (known !== undefined) return known
  throw new HomingError(
    'bad-argument',
    `exchange "${name}" is declared with x-delayed-type ${String(asked)}; known are ${matchingTypes.join(', ')}`,
  )
}

const compared = ['type', 'durable', 'autoDelete', 'internal', 'alternate'] as const

/** Fails with `exchange-conflict`, naming the setting; its `data` holds setting, current and received. */
export function assertEquivalent(current: Exchange, received: Exchange): void {
  const setting = compared.find((name) => current[name] !== received[name])
  if (setting === undefined) return
  const shown = (value: unknown) => (value === undefined ? 'none' : `'${String(value)}'`)
  throw new HomingError(
    'exchange-conflict',
    `exchange "${current.name}" exists with ${setting} ${shown(current[setting])} and is declared with ${shown(received[setting])}; declare it as it is, or delete it first`,
    { data: { setting, current: current[setting], received: received[setting] } },
  )
}
