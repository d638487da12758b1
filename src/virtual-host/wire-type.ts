import type { HeaderValue } from '../embedded/routing/header-value.ts'

const int32Max = 2 ** 31

/** The name RabbitMQ has for the wire type of a value; of several integer types the usual one. */
export function wireType(value: HeaderValue): string {
  switch (typeof value) {
    case 'string':
      return 'longstr'
    case 'boolean':
      return 'bool'
    case 'bigint':
      return 'long'
    case 'number':
      if (!Number.isInteger(value)) return 'double'
      return value >= -int32Max && value < int32Max ? 'signedint' : 'long'
    default:
      return objectType(value)
  }
}

function objectType(value: HeaderValue & (object | null)): string {
  if (value === null) return 'void'
  if (value instanceof Uint8Array) return 'longstr'
  return value instanceof Map ? 'table' : 'array'
}

export const isInteger = (value: HeaderValue): value is number | bigint =>
  typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value))
