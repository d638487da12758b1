import { withDeadline } from '../../amqp/deadline.ts'
import { runClient } from '../../client/run-client.ts'
import { runHttpSends } from '../sends.ts'

runClient(withDeadline(runHttpSends))
