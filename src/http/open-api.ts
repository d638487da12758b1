/*
 * The OpenAPI 3.1 document, made of the table of routes.
 */

import { z } from 'zod'
import type { AnswerShape, Route } from './route.ts'
import { parametersOf } from './route.ts'

export interface DocumentFacts {
  readonly version: string
}

export function openApi(routes: readonly Route[], { version }: DocumentFacts): object {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const route of routes) {
    const methods = paths[route.path] ?? {}
    methods[route.method] = operation(route)
    paths[route.path] = methods
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Homing',
      version,
      description: 'A message queue in which every message comes back with a result.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    security: [{ basic: [] }, { session: [] }],
    tags: [...new Set(routes.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      schemas: { Problem: problemShape },
      securitySchemes: {
        basic: { type: 'http', scheme: 'basic' },
        session: { type: 'apiKey', in: 'cookie', name: 'homing_session' },
      },
    },
  }
}

const problemShape = {
  type: 'object',
  required: ['type', 'title', 'status', 'code', 'detail'],
  properties: {
    type: { type: 'string', description: 'urn:homing:error:CODE' },
    title: { type: 'string', description: 'What the code means.' },
    status: { type: 'integer' },
    code: { type: 'string', description: 'A code of docs/errors.md.' },
    detail: { type: 'string', description: 'What happened, to which one, and what to do.' },
    error: { type: 'string' },
    reason: { type: 'string', description: 'The detail, where RabbitMQ has it.' },
  },
}

function operation(route: Route): object {
  const { summary, tag, access, answers, body } = route
  return {
    summary,
    tags: [tag],
    operationId: operationId(route),
    'x-access': access,
    ...(access === 'open' && { security: [] }),
    parameters: [...pathParameters(route), ...queryParameters(route)],
    ...(body !== undefined && { requestBody: requestBody(body) }),
    responses: {
      ...Object.fromEntries(
        Object.entries(answers).map(([status, shape]) => [status, response(shape)]),
      ),
      default: {
        description: 'What went wrong.',
        content: {
          'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
        },
      },
    },
  }
}

/** `getApiQueuesVhost`. */
const operationId = ({ method, path }: Route): string =>
  method +
  path
    .split(/[^A-Za-z0-9]+/)
    .filter((part) => part !== '')
    .map((part) => (part[0] ?? '').toUpperCase() + part.slice(1))
    .join('')

const pathParameters = ({ path }: Route): readonly object[] =>
  parametersOf(path).map((name) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }))

function queryParameters({ query }: Route): readonly object[] {
  if (query === undefined) return []
  const shape = jsonShape(query) as {
    readonly properties?: Readonly<Record<string, object>>
    readonly required?: readonly string[]
  }
  return Object.entries(shape.properties ?? {}).map(([name, schema]) => ({
    name,
    in: 'query',
    required: shape.required?.includes(name) ?? false,
    schema,
  }))
}

const requestBody = (body: NonNullable<Route['body']>): object => ({
  required: true,
  content:
    body === 'bytes'
      ? { '*/*': { schema: { type: 'string', format: 'binary' } } }
      : { 'application/json': { schema: jsonShape(body) } },
})

function response({ description, schema, contentType = 'application/json' }: AnswerShape): object {
  if (schema === undefined && contentType === 'application/json') return { description }
  const shape = schema === undefined ? { type: 'string', format: 'binary' } : jsonShape(schema)
  return { description, content: { [contentType]: { schema: shape } } }
}

/** As the client writes or reads it. */
function jsonShape(schema: z.ZodType): object {
  const { $schema: _, ...shape } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
  return shape
}
