/*
 * Consuming over HTTP: taking deliveries, and saying what came of each.
 */

import { z } from 'zod'
import { limits } from '../../limits.ts'
import { bodyTypeFrom } from '../body-type.ts'
import type { Call } from '../call.ts'
import { deliveryJson } from '../consuming/delivery-json.ts'
import { declaredError, rejectionOf, resultOf, retryOf } from '../consuming/settlements.ts'
import { durationFrom, positiveDurationFrom } from '../moments.ts'
import { throwIfEnded } from '../open-requests.ts'
import { wholeText } from '../page-query.ts'
import { type Answer, type AnswerShape, type Route, route } from '../route.ts'
import type { RouteParts } from '../route-parts.ts'
import { deliveries, lease } from '../shapes/delivery-shapes.ts'

export const deliveryRoutes = (parts: RouteParts): readonly Route[] => [
  takeDeliveries(parts),
  ...settlingRoutes(parts),
  extendLease(parts),
  reportProgress(parts),
]

const takeDeliveries = (parts: RouteParts): Route =>
  route({
    method: 'post',
    path: '/api/queues/{vhost}/{queue}/deliveries',
    summary: 'Take messages from a queue, to work on them and to settle each',
    tag: 'Consuming',
    access: 'user',
    unaudited: true,
    query: z.strictObject({
      /** Messages to take, at most; 1 by default. */
      max: wholeText(1, limits.httpTakenMax).optional(),
      /** Time to wait for the first one: `20s`; 0 by default. */
      wait: z.string().optional(),
      /** Time each is held; then it goes back. */
      lease: z.string().optional(),
      /** Name of the consumer, for people. */
      consumer: z.string().max(limits.nameBytesMax).optional(),
    }),
    answers: { 200: { description: 'What came; none is an empty list.', schema: deliveries } },
    async handle({ site, caller, query, param, signal }) {
      const { access, names } = parts.entrances.of(caller, param('vhost'))
      access.checkConsume(param('queue'))
      using open = parts.openRequests.begin(caller, signal)
      const taken = await parts.leases.take({
        user: caller.user,
        queue: names.in(param('queue')),
        max: query.max ?? 1,
        waitMs: waitMsFrom(query.wait, site, names.in(param('queue'))),
        leaseMs: leaseMsFrom(query.lease),
        consumerName: query.consumer ?? `HTTP of ${caller.user}`,
        signal: open.signal,
      })
      throwIfEnded(open.signal)
      site.log.debug({ user: caller.user, taken: taken.length }, 'HTTP: deliveries taken')
      return { json: { deliveries: taken.map((one) => deliveryJson(one, names)) } }
    },
  })

/** What is ready is read from the disk and put on record first: who asks for what is there now waits for that. */
const recordMs = 500

function waitMsFrom(given: string | undefined, { engine }: Call['site'], queue: string): number {
  const waitMs = Math.min(durationFrom(given ?? 0, 'wait'), limits.httpWaitMsMax)
  const isReady = (engine.inspection.queue(queue)?.ready ?? 0) > 0
  return isReady ? Math.max(waitMs, recordMs) : waitMs
}

const leaseMsFrom = (given: string | undefined): number =>
  given === undefined
    ? limits.httpLeaseMsDefault
    : Math.min(positiveDurationFrom(given, 'lease'), limits.httpLeaseMsMax)

const settled: Readonly<Record<number, AnswerShape>> = {
  204: { description: 'Settled, and on disk.' },
}
const common = {
  method: 'post',
  tag: 'Consuming',
  access: 'user',
  unaudited: true,
  body: 'bytes',
} as const
const bodyBytesMax = limits.bodyBytesMax

function settlingRoutes({ leases }: RouteParts): readonly Route[] {
  const settle = async (
    { caller, param }: Pick<Call, 'caller' | 'param'>,
    settlement: Parameters<typeof leases.settle>[2],
  ): Promise<Answer> => {
    await leases.settle(caller.user, param('delivery'), settlement)
    return { status: 204 }
  }
  return [
    route<undefined, Uint8Array>({
      ...common,
      path: '/api/deliveries/{delivery}',
      summary: 'Settle a delivery with its result: the body as it is',
      bodyBytesMax,
      answers: settled,
      handle: (call) => settle(call, resultOf(call.headers, call.body)),
    }),
    route<{ readonly code: string }, Uint8Array>({
      ...common,
      path: '/api/deliveries/{delivery}/error',
      summary:
        "Settle a delivery with an error that the contract declares: the body is the error's data",
      query: z.strictObject({ code: z.string() }),
      bodyBytesMax,
      answers: settled,
      handle: (call) => settle(call, declaredError(call.query.code, call.headers, call.body)),
    }),
    route<{ readonly delay?: string | undefined }, Uint8Array>({
      ...common,
      path: '/api/deliveries/{delivery}/retry',
      summary:
        'Say that the attempt failed: the message comes again, or ends when that was the last',
      query: z.strictObject({ delay: z.string().optional() }),
      answers: settled,
      handle: (call) => {
        const delivery = leases.held(call.caller.user, call.param('delivery'))
        return settle(call, retryOf(delivery, call.query.delay, call))
      },
    }),
    route<undefined, Uint8Array>({
      ...common,
      path: '/api/deliveries/{delivery}/reject',
      summary: 'Refuse a message for good: it ends as rejected',
      answers: settled,
      handle: (call) => settle(call, rejectionOf(call.headers, call.body)),
    }),
    route<undefined, Uint8Array>({
      ...common,
      path: '/api/deliveries/{delivery}/return',
      summary: 'Give a message back untouched: the attempt does not count',
      answers: settled,
      handle: (call) => settle(call, { kind: 'return' }),
    }),
  ]
}

const extendLease = ({ leases }: RouteParts): Route =>
  route({
    method: 'post',
    path: '/api/deliveries/{delivery}/lease',
    summary: 'Hold a delivery for longer',
    tag: 'Consuming',
    access: 'user',
    unaudited: true,
    query: z.strictObject({ lease: z.string().optional() }),
    answers: { 200: { description: 'Until when it is held now.', schema: lease } },
    handle: ({ caller, param, query }) => ({
      json: {
        leasedUntilMs: leases.extend(caller.user, param('delivery'), leaseMsFrom(query.lease)),
      },
    }),
  })

const reportProgress = ({ leases }: RouteParts): Route =>
  route<undefined, Uint8Array>({
    ...common,
    path: '/api/deliveries/{delivery}/progress',
    summary: 'Tell who watches the message how far it has come',
    answers: { 204: { description: 'Told.' } },
    handle: ({ site, caller, param, headers, body }) => {
      const delivery = leases.held(caller.user, param('delivery'))
      site.engine.reportProgress(delivery, body, bodyTypeFrom(headers))
      return { status: 204 }
    },
  })
