import { runClient } from '../../client/run-client.ts'
import { withDeadline } from '../deadline.ts'
import { runSingleConfirms } from '../single-confirms.ts'

runClient(withDeadline(runSingleConfirms))
