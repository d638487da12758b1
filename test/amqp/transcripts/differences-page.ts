/*
 * The text of docs/rabbitmq-differences.md, from the table of intended differences.
 */

import { managementSections } from '../../http/management-differences.ts'
import { allScenarios } from './all-scenarios.ts'
import { leftOut } from './comparable.ts'
import { intendedDifferences } from './intended-differences.ts'

const introduction = `# How Homing differs from RabbitMQ

RabbitMQ is the reference: what its clients see is what Homing's clients are to see. \`test/amqp/transcripts\`
holds ${hundreds(allScenarios.length)} scenarios, played by one raw client against Homing and against a real
rabbitmq-server 3.10.8 and compared frame by frame: methods, reply codes, fields, contents, order on each
channel; some with a restart of the broker in between. Reply texts are the same, too, but for those about
malformed frames and contents. All that differs is on this page, and a test holds the page to it.

Play them yourself: \`node scripts/transcripts.ts --rabbitmq --homing [WORDS]\` compares both, without
\`--homing\` it prints what RabbitMQ says.
`

function hundreds(count: number): string {
  return `more than ${Math.floor((count - 1) / 100) * 100}`
}

export function differencesPage(): string {
  const beside = leftOut.map(({ title, reason }) => `\n## ${title}\n\n${reason}\n`)
  const sections = intendedDifferences.map(({ title, reason, scenarios }) => {
    const names = Object.keys(scenarios).map((name) => `- ${name}\n`)
    return `\n## ${title}\n\n${reason}\n\n${names.join('')}`
  })
  return [introduction, ...sections, ...beside, managementSections()].join('')
}
