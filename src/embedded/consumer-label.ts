import { Buffer } from 'node:buffer'

const charactersMax = 256
const separator = '\u001f'
const nothing = new Uint8Array(0)

export interface ConsumerNames {
  readonly consumer: string | undefined
  readonly connection: string | undefined
  readonly user: string | undefined
}

interface Named {
  readonly consumerName?: string | undefined
  readonly connectionName?: string | undefined
  readonly userName?: string | undefined
}

/** Who a consumer is, as records have it: its name, its connection and its user, with U+001F between them. */
export function consumerLabel({ consumerName, connectionName, userName }: Named): Uint8Array {
  const parts = [consumerName, connectionName, userName].map(part)
  while (parts.at(-1) === '') parts.pop()
  return parts.length === 0 ? nothing : Buffer.from(parts.join(separator))
}

/** The names in a label. */
export function consumerNames(label: string): ConsumerNames {
  const [consumer, connection, user] = label.split(separator)
  return {
    consumer: consumer || undefined,
    connection: connection || undefined,
    user: user || undefined,
  }
}

/** Clients choose these texts. */
const part = (text: string | undefined): string =>
  (text ?? '').slice(0, charactersMax).replaceAll(separator, ' ').toWellFormed()
