/*
 * What RabbitMQ and its client say, as errors of ours: what happened, to which one, what to do.
 */

import { HomingError } from '../../../errors.ts'

/** RabbitMQ's words for a queue that is there with other arguments. */
const inequivalent =
  /inequivalent arg '(?<argument>[^']+)' for (?:queue|exchange) '(?<name>[^']+)'.*?: received (?<asked>.*?) but current is (?<found>.*?)"?$/s

/** `what` was tried: `declare queue "orders"`. */
export function brokerFault(error: unknown, what: string): HomingError {
  if (error instanceof HomingError) return error
  const said = error instanceof Error ? error.message : String(error)
  const code = Number(Reflect.get(Object(error), 'code'))
  const fault = (kind: string, advice: string): HomingError =>
    new HomingError(kind, `RabbitMQ does not ${what}: ${saidShort(said)}${advice}`, {
      cause: error,
    })
  switch (code) {
    case 403:
      return fault(
        'access-refused',
        '; give the user that permission with rabbitmqctl set_permissions',
      )
    case 404:
      return isAbsent(error)
        ? fault('queue-unknown', '')
        : fault('unreachable', '; its node must come back')
    case 405:
      return fault('access-refused', '; another connection holds it exclusively')
    case 406:
      return precondition(error, said, what) ?? fault('bad-argument', '')
    case 540:
      return fault('unsupported', '')
    case 541:
      return fault('unreachable', '; see the server’s log')
    default:
      return new HomingError(
        'connection-lost',
        `the connection to RabbitMQ ended while it was to ${what}: ${said}`,
        { cause: error },
      )
  }
}

/** Of a queue on a node that is away or starts RabbitMQ says `not found`, too, in other words. */
export function isAbsent(error: unknown): boolean {
  const said = error instanceof Error ? error.message : String(error)
  return (
    Number(Reflect.get(Object(error), 'code')) === 404 &&
    /no (?:queue|exchange|binding) /.test(said)
  )
}

function precondition(error: unknown, said: string, what: string): HomingError | undefined {
  const found = inequivalent.exec(said)?.groups
  if (found !== undefined) {
    const { name, argument } = found
    const asked = plain(found.asked)
    const current = plain(found.found)
    return new HomingError(
      'contract-conflict',
      `"${name}" is on the server with ${argument} ${current}, and was to be declared with ${asked}: RabbitMQ cannot change it; use the same settings, or delete it there when it is empty`,
      { cause: error, data: { name, argument, asked, found: current } },
    )
  }
  if (/larger than (?:configured )?max size/.test(said)) {
    return new HomingError(
      'message-too-large',
      `RabbitMQ does not ${what}: ${saidShort(said)}; raise max_message_size there, or send the address of the data`,
      { cause: error },
    )
  }
  return undefined
}

/** `the value '5' of type 'signedint'` and `none` as people write them. */
function plain(text: string | undefined): string {
  return /the value '(.*?)' of type/.exec(text ?? '')?.[1] ?? text?.replace(/^'|'$/g, '') ?? ''
}

/** Without the client library's frame around it. */
function saidShort(said: string): string {
  return /with message "(.*)"$/s.exec(said)?.[1] ?? said
}
