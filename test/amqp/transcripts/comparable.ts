/*
 * Takes from a line of a transcript what no two brokers have in common.
 *
 *   names that a broker makes up   amq.gen-JzTY20BRgKO-HjmUJj0wLg  →  amq.gen-<1>
 *   the vhost of the run           vhost 'lane-2'                  →  vhost '/'
 *   reply texts                    their NAME and what they quote; whole where libraries match on them
 */

export interface ComparableContext {
  readonly vhost: string
  /** Names made up by the broker, in the order in which they were met. */
  readonly made: Map<string, string>
}

const madeNames = [
  [/amq\.gen-[\w-]+/g, 'amq.gen-'],
  [/amq\.ctag-[\w-]+/g, 'amq.ctag-'],
  [/amq\.rabbitmq\.reply-to\.[^\s"'\\]+/g, 'amq.rabbitmq.reply-to.'],
] as const

/** Libraries and programs are known to match on these. */
const exactTexts = /inequivalent arg|Login was refused/

export function comparable(line: string, { vhost, made }: ComparableContext): string {
  let text = line.replaceAll(`'${vhost}'`, "'/'").replaceAll(`vhost ${vhost}`, 'vhost /')
  text = text.replace(/replyText="([^"]*)"/, (_, reply: string) => `replyText=${loose(reply)}`)
  for (const [pattern, prefix] of madeNames)
    text = text.replaceAll(pattern, (name) => {
      const number = made.get(name) ?? `${prefix}<${made.size + 1}>`
      made.set(name, number)
      return number
    })
  return text
}

function loose(reply: string): string {
  if (exactTexts.test(reply)) return `"${reply}"`
  const [name = ''] = reply.split(' - ')
  const quoted = [...reply.matchAll(/'([^']*)'/g)].map(([whole]) => whole)
  return [name, ...quoted].join(' ')
}
