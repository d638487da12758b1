/*
 * Opening the HTTP side of a server.
 *
 * Rule: beyond this machine there must be an administrator with a password of its own: `guest` does not
 * count, and a page that nobody may enter is not opened to everybody.
 */

import type { ArrivalLimits } from '../amqp/arrivals.ts'
import { HomingError } from '../errors.ts'
import { guestName } from '../server/first-start.ts'
import { isLoopback } from '../server/loopback.ts'
import { HttpServer } from './http-server.ts'
import type { HttpAddress, HttpListening } from './http-settings.ts'
import type { LoadedApplication } from './load-application.ts'
import type { Site } from './site.ts'

export interface OpenedHttp {
  readonly listening: readonly HttpListening[]
  /** Loads what answers, so that the first request need not wait. */
  warm(): void
  /** Fails with `bad-certificate`, and then nothing has changed. */
  renewTls(addresses: readonly HttpAddress[]): Promise<void>
  /** Caps on connections, for those who come from now on. */
  setLimits(limits: Partial<ArrivalLimits> | undefined): void
  close(): Promise<void>
}

/** Fails with `address-in-use`, `address-refused`, `bad-certificate`, `access-refused`. */
export async function openHttp(site: Site, limits?: Partial<ArrivalLimits>): Promise<OpenedHttp> {
  checkAdministrator(site)
  let loaded: LoadedApplication | undefined
  const server = new HttpServer({
    log: site.log,
    limits,
    load: async () => {
      const { loadApplication } = await import('./load-application.ts')
      loaded = loadApplication(site)
      return loaded.answer
    },
  })
  const close = async (): Promise<void> => {
    loaded?.close()
    await server.close()
  }
  const listening: HttpListening[] = []
  try {
    for (const address of site.settings.listen) listening.push(await server.listen(address))
  } catch (error) {
    await close()
    throw error
  }
  return {
    listening,
    warm: () => void server.load().catch(() => undefined),
    renewTls: (addresses) => server.renewTls(addresses),
    setLimits: (given) => server.setLimits(given),
    close,
  }
}

function checkAdministrator({ settings, definitions }: Site): void {
  // An empty host is every address of the machine.
  const isHere = (host: string): boolean =>
    host === 'localhost' || (host !== '' && isLoopback(host))
  const beyond = settings.listen.find(({ host }) => !isHere(host))
  if (beyond === undefined) return
  const users = [...definitions.state.users.values()]
  const isThere = users.some(
    ({ name, tags, passwordHash }) =>
      name !== guestName && tags.includes('administrator') && passwordHash !== undefined,
  )
  if (isThere) return
  throw new HomingError(
    'access-refused',
    `HTTP on ${beyond.host || 'every address'} would be open beyond this machine without an administrator; make one with homing user add, or bind to 127.0.0.1`,
  )
}
