/*
 * Server-sent events as a browser reads them.
 */

import { Buffer } from 'node:buffer'

export interface ReadEvent {
  readonly event: string
  readonly data: unknown
  readonly id: string | undefined
}

export interface EventReader extends AsyncDisposable {
  readonly status: number
  /** The next one of that kind; others are passed over. Fails when the stream is over. */
  next(kind: string): Promise<ReadEvent>
  /** Resolves when the stream is over. */
  ended(): Promise<void>
}

/** `login`: name and password with a colon between them; undefined for none. */
export async function readEvents(
  url: string,
  login: string | undefined,
  headers: Readonly<Record<string, string>> = {},
): Promise<EventReader> {
  const over = new AbortController()
  const authorization = login && `Basic ${Buffer.from(login).toString('base64')}`
  const response = await fetch(url, {
    headers: { ...(authorization && { authorization }), ...headers },
    signal: over.signal,
  })
  const events = response.ok ? eventsOf(response) : undefined
  return {
    status: response.status,
    async next(kind) {
      for (;;) {
        const read = await events?.next()
        if (read === undefined || read.done) throw new Error(`the stream ended without ${kind}`)
        if (read.value.event === kind) return read.value
      }
    },
    async ended() {
      while ((await events?.next())?.done === false);
    },
    async [Symbol.asyncDispose]() {
      over.abort()
    },
  }
}

async function* eventsOf(response: Response): AsyncGenerator<ReadEvent> {
  let text = ''
  const decoder = new TextDecoder()
  try {
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk, { stream: true })
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const event = eventFrom(text.slice(0, end))
        text = text.slice(end + 2)
        if (event !== undefined) yield event
      }
    }
  } catch {
    // Given up by the test.
  }
}

function eventFrom(block: string): ReadEvent | undefined {
  const fields = new Map(
    block.split('\n').map((line) => {
      const at = line.indexOf(': ')
      return [line.slice(0, at), line.slice(at + 2)] as const
    }),
  )
  const [event, data] = [fields.get('event'), fields.get('data')]
  if (event === undefined || data === undefined) return undefined
  return { event, data: JSON.parse(data) as unknown, id: fields.get('id') }
}
