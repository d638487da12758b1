/*
 * A server with an HTTP side, and a client that knows nothing of it but HTTP.
 */

import { Buffer } from 'node:buffer'
import type { Broker } from '../../src/embedded/broker.ts'
import type { HttpSettings } from '../../src/http/http-settings.ts'
import type { ServerSettings } from '../../src/server/server-settings.ts'
import { type TestServer, testServer } from '../amqp/server/test-server.ts'

export interface HttpTestServer extends TestServer {
  readonly url: string
  /** The engine behind it, with what is seen of it. */
  readonly engine: Broker
  /** As `admin`, unless the headers say otherwise. */
  readonly api: HttpClient
  /** Another user, by name and password; '' for nobody. */
  as(user: string, password?: string): HttpClient
  /** Adds a user with the password `pw`, who may do everything in `/`. */
  addUser(name: string, tags?: readonly string[]): Promise<HttpClient>
}

export interface Answered {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** Of a JSON body. */
  readonly json: unknown
}

export type HttpClient = (
  method: string,
  path: string,
  body?: unknown,
  headers?: Readonly<Record<string, string>>,
) => Promise<Answered>

export async function httpTestServer(
  settings: ServerSettings = {},
  http: Partial<HttpSettings> = {},
): Promise<HttpTestServer> {
  const server = await testServer({
    ...settings,
    http: { listen: [{ host: '127.0.0.1', port: 0 }], ...http },
  })
  const url = server.server.httpListening[0]?.url ?? ''
  const as = (user: string, password = 'pw'): HttpClient => clientOf(url, user, password)
  const everything = { configure: '.*', write: '.*', read: '.*' }
  return {
    ...server,
    url,
    engine: server.server.engine as Broker,
    as,
    api: as('admin', server.adminPassword),
    async addUser(name, tags = []) {
      const { accounts } = server.server
      await accounts.addUser({ name, password: Buffer.from('pw'), tags })
      accounts.setPermission({ user: name, vhost: '/', ...everything })
      return as(name)
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

const clientOf =
  (url: string, user: string, password: string): HttpClient =>
  async (method, path, body, headers = {}) => {
    const basic = Buffer.from(`${user}:${password}`).toString('base64')
    const isRaw = typeof body === 'string' || body instanceof Uint8Array
    const response = await fetch(url + path, {
      method,
      headers: {
        ...(user !== '' && { authorization: `Basic ${basic}` }),
        ...(body !== undefined && !isRaw && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: isRaw ? (body as string) : JSON.stringify(body) }),
    })
    return answered(response)
  }

async function answered(response: Response): Promise<Answered> {
  const text = await response.text()
  const isJson = /json/.test(response.headers.get('content-type') ?? '')
  const json: unknown = isJson ? JSON.parse(text) : undefined
  return { status: response.status, headers: response.headers, text, json }
}
