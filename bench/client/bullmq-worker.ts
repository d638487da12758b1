import { type BullmqSettings, startWorker } from './bullmq.ts'

process.once('message', async (settings: BullmqSettings) => {
  await startWorker(settings)
  process.send?.('ready')
})
