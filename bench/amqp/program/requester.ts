import { runClient } from '../../client/run-client.ts'
import { withDeadline } from '../deadline.ts'
import { runRequests } from '../rpc.ts'

runClient(withDeadline(runRequests))
