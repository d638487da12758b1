/*
 * What a virtual host refuses, in the words of RabbitMQ: libraries match on some of them.
 */

import {
  type AmqpError,
  notFound,
  preconditionFailed,
  resourceLocked,
} from '../amqp/protocol/amqp-error.ts'
import { type Resource, shown } from './resource.ts'

export const noSuch = (resource: Resource): AmqpError => notFound(`no ${shown(resource)}`)

export const inUse = (resource: Resource): AmqpError =>
  preconditionFailed(`${shown(resource)} in use`)

export const notEmpty = (resource: Resource): AmqpError =>
  preconditionFailed(`${shown(resource)} not empty`)

export const lockedQueue = (resource: Resource): AmqpError =>
  resourceLocked(
    `cannot obtain exclusive access to locked ${shown(resource)}. It could be originally declared on another connection or the exclusive property value does not match that of the original declaration.`,
  )

export const noQueueDeclared = (): AmqpError => notFound('no previously declared queue')
