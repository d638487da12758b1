/*
 * Which kind of server it is: by what it says of itself, never by configuration.
 */

import { portCapability } from '../../port-wire/frame.ts'

/** `homing` takes the port itself over the wire; anything else is done with AMQP alone. */
export type ServerKind = 'homing' | 'rabbitmq'

export function serverKind(properties: Readonly<Record<string, unknown>>): ServerKind {
  const { capabilities } = properties
  const able = typeof capabilities === 'object' && capabilities !== null ? capabilities : {}
  return Reflect.get(able, portCapability) === true ? 'homing' : 'rabbitmq'
}

/** For people: `RabbitMQ 3.13.7`. */
export function serverName(properties: Readonly<Record<string, unknown>>): string {
  const { product, version } = properties
  const known = [product, version].filter((text) => typeof text === 'string')
  return known.length === 0 ? 'a server that does not say its name' : known.join(' ')
}
