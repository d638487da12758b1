/*
 * Credentials out of `connection.start-ok` (AMQP 0-9-1 §1.4.2.2).
 *
 *   PLAIN       NUL user NUL password
 *   AMQPLAIN    the fields LOGIN and PASSWORD of a table, without its length
 *   EXTERNAL    nothing: the TLS certificate tells the user
 *
 * Passwords stay bytes. Nobody is let in without a name: ANONYMOUS is unknown here.
 */

import { Buffer } from 'node:buffer'
import type { HeaderValue } from '../embedded/routing/header-value.ts'
import type { Credentials } from './admission.ts'
import { commandInvalid, syntaxError } from './protocol/amqp-error.ts'
import { decodeTable } from './protocol/field-table.ts'
import type { Mechanism } from './settings.ts'

/** Throws 503 for a mechanism that is not offered, 501 or 502 for a response that does not fit it. */
export function readCredentials(
  mechanism: string,
  response: Uint8Array,
  offered: readonly Mechanism[],
): Credentials {
  const known = offered.find((name) => name === mechanism)
  switch (known) {
    case 'PLAIN':
      return plain(response)
    case 'AMQPLAIN':
      return amqplain(response)
    case 'EXTERNAL':
      return { mechanism: 'EXTERNAL' }
    case undefined:
      throw commandInvalid(
        `authentication mechanism '${mechanism}' is not supported; offered are ${offered.join(', ')}`,
      )
    default:
      return known satisfies never
  }
}

function plain(response: Uint8Array): Credentials {
  const userEnd = response.indexOf(0, 1)
  const whole = response[0] === 0 && userEnd !== -1 && response.indexOf(0, userEnd + 1) === -1
  if (!whole) throw syntaxError('the response of PLAIN is not NUL user NUL password')
  return {
    mechanism: 'PLAIN',
    user: textOf(response.subarray(1, userEnd)),
    password: response.subarray(userEnd + 1),
  }
}

function amqplain(response: Uint8Array): Credentials {
  const table = decodeTable(response)
  const user = bytesOf(table.get('LOGIN'))
  const password = bytesOf(table.get('PASSWORD'))
  if (user === undefined || password === undefined)
    throw syntaxError('the response of AMQPLAIN has no LOGIN or no PASSWORD')
  return { mechanism: 'AMQPLAIN', user: textOf(user), password }
}

function bytesOf(value: HeaderValue | undefined): Uint8Array | undefined {
  if (typeof value === 'string') return Buffer.from(value)
  return value instanceof Uint8Array ? value : undefined
}

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString()
