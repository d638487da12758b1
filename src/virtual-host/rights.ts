import { accessRefused } from '../amqp/protocol/amqp-error.ts'
import { defaultExchange } from '../embedded/routing/exchange.ts'
import type { Right, Session } from './port.ts'
import { type Resource, shown } from './resource.ts'

/** What permissions call the default exchange. */
const defaultExchangeName = 'amq.default'

/** Refused with 403. */
export function checkRight(session: Session, right: Right, resource: Resource): void {
  const named = resource.name === defaultExchange ? withName(resource) : resource
  if (session.may(right, named.name)) return
  throw accessRefused(`access to ${shown(named)} refused for user '${session.user}'`)
}

/** Any right will do. Refused with 403. */
export function checkAnyRight(session: Session, resource: Resource): void {
  const { name } = resource
  if (session.may('read', name) || session.may('write', name)) return
  checkRight(session, 'configure', resource)
}

/** Beside the right on the exchange itself, for one of type topic. Refused with 403. */
export function checkTopicRight(
  session: Session,
  right: 'write' | 'read',
  on: { readonly exchange: Resource; readonly routingKey: string },
): void {
  const { exchange, routingKey } = on
  if (session.mayTopic(right, exchange.name, routingKey)) return
  throw accessRefused(
    `access to topic '${routingKey}' in ${shown(exchange)} refused for user '${session.user}'`,
  )
}

const withName = (resource: Resource): Resource => ({ ...resource, name: defaultExchangeName })
