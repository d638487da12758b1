/*
 * What the server says of itself to clients. Honest unless the operator says otherwise: some clients
 * behave differently when they believe to talk to RabbitMQ.
 */

import process from 'node:process'
import type { HeaderTable } from '../embedded/routing/header-value.ts'
import { HomingError } from '../errors.ts'
import { version } from '../version.ts'

export interface Product {
  readonly name: string
  readonly version: string
}

const ours: Product = { name: 'Homing', version }
const charactersMax = 100

/** `NAME` or `NAME/VERSION`. Fails with `bad-argument`. */
export function productFrom(text: string | undefined): Product {
  if (text === undefined) return ours
  const [name = '', given = version, ...rest] = text.split('/')
  if (name !== '' && given !== '' && rest.length === 0 && text.length <= charactersMax) {
    return { name, version: given }
  }
  throw new HomingError(
    'bad-argument',
    `the product is "${text.slice(0, charactersMax)}"; give NAME or NAME/VERSION, such as RabbitMQ/3.13.7`,
  )
}

export const identity = (product: Product = ours): HeaderTable =>
  new Map([
    ['product', product.name],
    ['version', product.version],
    ['platform', `Node.js ${process.versions.node}`],
    ['information', 'A broker in which every message comes back with a result.'],
  ])
