import { runClient } from '../../client/run-client.ts'
import { runRequests } from '../rpc.ts'

runClient(runRequests)
