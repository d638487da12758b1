import { type RpcSettings, startResponder } from '../rpc.ts'

process.once('message', async (settings: RpcSettings) => {
  await startResponder(settings)
  process.send?.('ready')
})
