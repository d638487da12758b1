/*
 * A client of the API on Node's own http: so many connections that stay open, one request at a time on each.
 */

import { Buffer } from 'node:buffer'
import http from 'node:http'

export interface Target {
  readonly url: string
  readonly password: string
}

export interface Request {
  readonly method: string
  readonly path: string
  readonly body?: string | Uint8Array
  readonly type?: string
}

export class Connections {
  readonly #agent: http.Agent
  readonly #url: URL
  readonly #authorization: string

  constructor({ url, password }: Target, count: number) {
    this.#url = new URL(url)
    this.#agent = new http.Agent({ keepAlive: true, maxSockets: count })
    this.#authorization = `Basic ${Buffer.from(`admin:${password}`).toString('base64')}`
  }

  /** The body of the answer. Fails when its status is none of success. */
  ask({ method, path, body, type = 'application/json' }: Request): Promise<string> {
    return new Promise((resolve, reject) => {
      const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }
      const request = http.request(
        {
          agent: this.#agent,
          host: this.#url.hostname,
          port: this.#url.port,
          method,
          path,
          headers: { authorization: this.#authorization, 'content-type': type, ...length },
        },
        (response) => {
          let text = ''
          response.setEncoding('utf8').on('data', (chunk: string) => {
            text += chunk
          })
          response.on('end', () => {
            const { statusCode = 0 } = response
            if (statusCode < 300) resolve(text)
            else reject(new Error(`${method} ${path} was answered ${statusCode}: ${text}`))
          })
        },
      )
      request.on('error', reject)
      request.end(body)
    })
  }

  close(): void {
    this.#agent.destroy()
  }
}
