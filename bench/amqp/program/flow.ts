import { runClient } from '../../client/run-client.ts'
import { runFlow } from '../flow.ts'

runClient(runFlow)
