import type { Scenario } from './scenario.ts'
import { bindingScenarios } from './scenarios/binding.ts'
import { channelScenarios } from './scenarios/channel.ts'
import { connectionScenarios } from './scenarios/connection.ts'
import { consumeScenarios } from './scenarios/consume.ts'
import { contentScenarios } from './scenarios/content.ts'
import { cornerScenarios } from './scenarios/corner.ts'
import { deadLetterScenarios } from './scenarios/dead-letter.ts'
import { directReplyScenarios } from './scenarios/direct-reply.ts'
import { exchangeScenarios } from './scenarios/exchange.ts'
import { expiryScenarios } from './scenarios/expiry.ts'
import { handshakeScenarios } from './scenarios/handshake.ts'
import { lengthScenarios } from './scenarios/length.ts'
import { permissionScenarios } from './scenarios/permission.ts'
import { publishScenarios } from './scenarios/publish.ts'
import { qosScenarios } from './scenarios/qos.ts'
import { queueScenarios } from './scenarios/queue.ts'
import { queueArgumentsScenarios } from './scenarios/queue-arguments.ts'
import { queueLifeScenarios } from './scenarios/queue-life.ts'
import { quorumScenarios } from './scenarios/quorum.ts'
import { randomScenarios } from './scenarios/random.ts'
import { routingScenarios } from './scenarios/routing.ts'
import { settleScenarios } from './scenarios/settle.ts'
import { transactionScenarios } from './scenarios/transaction.ts'

/** Every scenario, by topic. */
export const scenariosByTopic: Readonly<Record<string, readonly Scenario[]>> = {
  handshake: handshakeScenarios,
  connection: connectionScenarios,
  channel: channelScenarios,
  content: contentScenarios,
  exchange: exchangeScenarios,
  binding: bindingScenarios,
  routing: routingScenarios,
  queue: queueScenarios,
  'queue-life': queueLifeScenarios,
  'queue-arguments': queueArgumentsScenarios,
  publish: publishScenarios,
  transaction: transactionScenarios,
  consume: consumeScenarios,
  settle: settleScenarios,
  qos: qosScenarios,
  expiry: expiryScenarios,
  'dead-letter': deadLetterScenarios,
  length: lengthScenarios,
  'direct-reply': directReplyScenarios,
  quorum: quorumScenarios,
  permission: permissionScenarios,
  corner: cornerScenarios,
  random: randomScenarios,
}

export const allScenarios: readonly Scenario[] = Object.values(scenariosByTopic).flat()
