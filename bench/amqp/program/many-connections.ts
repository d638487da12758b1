import { runClient } from '../../client/run-client.ts'
import { withDeadline } from '../deadline.ts'
import { runManyConnections } from '../many-connections.ts'

runClient(withDeadline(runManyConnections))
