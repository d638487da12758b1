/*
 * What the pages of RabbitMQ's API are made from: the site, and rates of what it counts.
 */

import { hostname } from 'node:os'
import type { VirtualHost } from '../../virtual-host/port.ts'
import type { VirtualHostView } from '../../virtual-host/view.ts'
import type { Caller } from '../caller.ts'
import type { Site } from '../site.ts'
import { Rates } from './rates.ts'

export class Showing {
  readonly site: Site
  /** Name of this server, as RabbitMQ names nodes. */
  readonly node: string
  readonly queueRates: Rates
  readonly connectionRates: Rates

  constructor(site: Site) {
    this.site = site
    this.node = `homing@${hostname()}`
    this.queueRates = new Rates(site.clock)
    this.connectionRates = new Rates(site.clock)
  }

  /** Undefined when there is none, or it is on its way out. */
  host(vhost: string): VirtualHost | undefined {
    return this.site.hosts.find(vhost)
  }

  /** Virtual hosts that are shown to the caller, or the one that was asked for. */
  views(caller: Caller, vhost?: string): readonly (readonly [string, VirtualHostView])[] {
    const names = vhost === undefined ? caller.virtualHosts() : [vhost]
    return names.flatMap((name) => {
      const host = this.host(name)
      return host === undefined ? [] : [[name, host.view] as const]
    })
  }
}

const showings = new WeakMap<Site, Showing>()

/** One for each site. */
export function showingOf(site: Site): Showing {
  const known = showings.get(site) ?? new Showing(site)
  showings.set(site, known)
  return known
}
