/*
 * A client that holds every answer against the row of the table it came by: its status must be one the row
 * names, its JSON must have the row's shape and nothing more; what is no success must be a problem with a code.
 */

import assert from 'node:assert/strict'
import type { ErrorCode } from '../../src/errors.ts'
import { errorCodes } from '../../src/errors.ts'
import type { Route } from '../../src/http/route.ts'
import type { RouteParts } from '../../src/http/route-parts.ts'
import { routesOf } from '../../src/http/routes.ts'
import type { Answered, HttpClient } from './http-server.ts'

/** The table as such: nothing of it is called. */
export const rows: readonly Route[] = routesOf({} as RouteParts)

export class CheckedAnswers {
  /** `post /api/… 202`. */
  readonly seen = new Set<string>()

  of(client: HttpClient): HttpClient {
    return async (method, path, body, headers) => {
      const answer = await client(method, path, body, headers)
      this.#check(rowOf(method, path), answer)
      return answer
    }
  }

  #check(row: Route, answer: Answered): void {
    const { status, json } = answer
    const place = `${row.method} ${row.path}`
    const type = answer.headers.get('content-type') ?? ''
    if (status >= 400 && row.answers[status] === undefined) {
      assert.match(type, /^application\/problem\+json/, `${place} ${status}: ${answer.text}`)
      const { code, detail, status: told } = json as Record<string, unknown>
      assert.ok(Object.hasOwn(errorCodes, code as string), `${place} ${status}: ${code}`)
      assert.equal(told, status)
      assert.equal(errorCodes[code as ErrorCode].http, status)
      assert.ok(typeof detail === 'string' && detail.length > 10)
      this.seen.add(`${place} problem`)
      return
    }
    const shape = row.answers[status]
    assert.ok(shape !== undefined, `${place} answers ${status}, which its row does not name`)
    this.seen.add(`${place} ${status}`)
    if (shape.schema === undefined || !/json/.test(type)) return
    // A shape leaves out what it does not know: then both would differ.
    if (shape.contentType === '*/*' && !path200IsJson(answer)) return
    assert.deepEqual(shape.schema.parse(json), json, `${place} ${status}`)
  }
}

/** A result is whatever its consumer wrote. */
const path200IsJson = (answer: Answered): boolean => !answer.headers.has('homing-attempts')

function rowOf(method: string, path: string): Route {
  const [plain = ''] = path.split('?')
  const found = rows
    .filter((row) => row.method === method.toLowerCase())
    .filter((row) => patternOf(row.path).test(plain))
    .toSorted((a, b) => a.path.split('{').length - b.path.split('{').length)[0]
  assert.ok(found !== undefined, `no row for ${method} ${path}`)
  return found
}

const patternOf = (path: string): RegExp =>
  new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`)

export const codeOf = ({ json }: Answered): unknown => (json as { readonly code?: unknown }).code
