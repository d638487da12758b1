import { runClient } from '../../client/run-client.ts'
import { withDeadline } from '../deadline.ts'
import { runFlow } from '../flow.ts'

runClient(withDeadline(runFlow))
