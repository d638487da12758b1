/*
 * Who may call a route: by the tags of the user, as in RabbitMQ, and by rights in the virtual host.
 *
 *   open           nobody needs to log in: it answers nothing that is secret
 *   user           whoever has logged in; what they may see and do is decided by their permissions
 *   management     user with any of the tags below: sees and manages what is theirs
 *   policymaker    and policies of the virtual hosts they may enter
 *   monitoring     and sees everything there is
 *   administrator  and changes everything
 *
 * A route with `{vhost}` in its path also asks whether the user may enter it; monitoring looks into all.
 */

export const accessLevels = [
  'open',
  'user',
  'management',
  'policymaker',
  'monitoring',
  'administrator',
] as const

export type Access = (typeof accessLevels)[number]

const allowing: Readonly<Record<Exclude<Access, 'open' | 'user'>, readonly string[]>> = {
  management: ['management', 'policymaker', 'monitoring', 'administrator'],
  policymaker: ['policymaker', 'administrator'],
  monitoring: ['monitoring', 'administrator'],
  administrator: ['administrator'],
}

/** Whether a user with these tags may call a route of that level. */
export function isAllowed(access: Access, tags: ReadonlySet<string>): boolean {
  if (access === 'open' || access === 'user') return true
  return allowing[access].some((tag) => tags.has(tag))
}
