/*
 * Takes from a line of a transcript what no two brokers have in common.
 *
 *   names that a broker makes up   amq.gen-JzTY20BRgKO-HjmUJj0wLg  →  amq.gen-<1>
 *   the vhost of the run           vhost 'lane-2'                  →  vhost '/'
 *   reply texts                    whole; of those about frames their NAME and what they quote
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

/** What frames and contents are refused with; RabbitMQ's words for it are terms of Erlang. */
const looseTexts = /^(FRAME_ERROR|UNEXPECTED_FRAME|COMMAND_INVALID) - |^\w+ - invalid message:/

/** What Homing says beside what RabbitMQ 3.10 says, wherever it does. */
export const leftOut = [
  {
    pattern: /, x-last-death-(exchange|queue|reason): "[^"]*"/g,
    title: 'The headers `x-last-death-…` of a dead letter',
    reason:
      'RabbitMQ has them since 3.13 and clients written for it read them; 3.10 only has `x-first-death-…`.',
  },
  {
    pattern: /, homing_port: t:true/g,
    title: 'The capability `homing_port`',
    reason:
      'Homing says in `connection.start` that its own clients can ask the engine directly over this connection; other clients pass over capabilities that they do not know.',
  },
] as const

export function comparable(line: string, { vhost, made }: ComparableContext): string {
  let text = line.replaceAll(`'${vhost}'`, "'/'").replaceAll(`vhost ${vhost}`, 'vhost /')
  text = text.replace(/replyText="([^"]*)"/, (_, reply: string) => `replyText=${loose(reply)}`)
  for (const { pattern } of leftOut) text = text.replaceAll(pattern, '')
  for (const [pattern, prefix] of madeNames)
    text = text.replaceAll(pattern, (name) => {
      const number = made.get(name) ?? `${prefix}<${made.size + 1}>`
      made.set(name, number)
      return number
    })
  return text
}

function loose(reply: string): string {
  if (!looseTexts.test(reply)) return `"${reply}"`
  const [name = ''] = reply.split(' - ')
  // Erlang writes octets as <<…>>, and words in double quotes, which a transcript shows as \x22.
  const words = reply.replaceAll(/<<.*?>>/g, '').replaceAll('\\x22', "'")
  const quoted = [...words.matchAll(/'([^']*)'/g)].map(([whole]) => whole)
  return [name, ...quoted].join(' ')
}
