/*
 * Names of queues and exchanges within virtual hosts, as the engine has them.
 *
 *   virtual host '/'      orders            the names of the library
 *   any other             VHOST 0x1f orders
 *
 * AMQP names with 0x1f in them are refused, so no two of them meet.
 */

export const defaultVirtualHost = '/'
export const scopeEnd = '\u001f'

export const scopedName = (virtualHost: string, name: string): string =>
  virtualHost === defaultVirtualHost ? name : `${virtualHost}${scopeEnd}${name}`

export function virtualHostOf(scoped: string): string {
  const at = scoped.indexOf(scopeEnd)
  return at < 0 ? defaultVirtualHost : scoped.slice(0, at)
}

export const baseName = (scoped: string): string => scoped.slice(scoped.indexOf(scopeEnd) + 1)
