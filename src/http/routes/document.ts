/*
 * The document of the API, served by the API.
 */

import { z } from 'zod'
import { version } from '../../version.ts'
import { openApi } from '../open-api.ts'
import { type Route, route } from '../route.ts'

export function documentRoutes(rows: readonly Route[]): readonly Route[] {
  let document: object | undefined
  const row = route({
    method: 'get',
    path: '/api/openapi.json',
    summary: 'Read the OpenAPI 3.1 document of this API',
    tag: 'Server',
    access: 'open',
    answers: {
      200: { description: 'The document.', schema: z.looseObject({ openapi: z.string() }) },
    },
    handle: () => {
      document ??= openApi([...rows, row], { version })
      return { json: document }
    },
  })
  return [row]
}
