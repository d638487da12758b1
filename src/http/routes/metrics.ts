/*
 * Metrics for Prometheus, at the paths where RabbitMQ has them.
 *
 *   /metrics               the whole server
 *   /metrics/per-object    by queue, under the same names
 *   /metrics/detailed      by queue, under names with `detailed` in them, to stand beside the sums
 */

import { HomingError } from '../../errors.ts'
import { isLoopback } from '../../server/loopback.ts'
import type { Call } from '../call.ts'
import { exposition, expositionType } from '../metrics/exposition.ts'
import { type Answer, type Route, route } from '../route.ts'
import type { RouteParts } from '../route-parts.ts'

const answers = {
  200: { description: 'In the text form of Prometheus.', contentType: 'text/plain' },
}

const textOf = (body: string): Answer => ({ headers: { 'content-type': expositionType }, body })

export function metricsRoutes({ metrics }: RouteParts): readonly Route[] {
  const row = (path: string, summary: string, text: () => string | Promise<string>): Route =>
    route({
      method: 'get',
      path,
      summary,
      tag: 'Metrics',
      // Who may read them is a setting of its own.
      access: 'open',
      answers,
      async handle(call) {
        checkReader(call)
        return textOf(await text())
      },
    })
  return [
    row('/metrics', 'Read the metrics of the server', async () => exposition(await metrics.all())),
    row('/metrics/per-object', 'Read the metrics of each queue', () =>
      exposition(metrics.byQueue()),
    ),
    row('/metrics/detailed', 'Read the metrics of each queue, under names of their own', () =>
      exposition(metrics.byQueue(), true),
    ),
  ]
}

/** Fails with `path-unknown`, `login-refused`, `access-refused`. */
function checkReader({ site, caller, peer }: Call<unknown, unknown>): void {
  const { metricsAccess } = site.server
  if (metricsAccess === undefined) {
    throw new HomingError('path-unknown', 'metrics are switched off; set metrics.enabled')
  }
  const isOpen =
    metricsAccess === 'everyone' || (metricsAccess === 'local' && isLoopback(peer.address))
  if (isOpen || caller.has('monitoring')) return
  if (caller.user === '') {
    throw new HomingError('login-refused', 'log in as a user with the tag monitoring, by Basic')
  }
  throw new HomingError('access-refused', `user "${caller.user}" is not tagged monitoring`)
}
