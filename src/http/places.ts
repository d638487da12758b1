/*
 * Where things of the API are: paths that answers point to.
 */

import { defaultVirtualHost } from '../scoped-name.ts'

const within = (virtualHost: string): string =>
  virtualHost === defaultVirtualHost ? '' : `?vhost=${encodeURIComponent(virtualHost)}`

export const outcomePlace = (virtualHost: string, id: string): string =>
  `/api/outcomes/${encodeURIComponent(id)}${within(virtualHost)}`
