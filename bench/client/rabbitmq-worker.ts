import { type RabbitSettings, startConsumer } from './rabbitmq.ts'

process.once('message', async (settings: RabbitSettings) => {
  await startConsumer(settings)
  process.send?.('ready')
})
