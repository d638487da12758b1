import { runClient } from '../../client/run-client.ts'
import { runManyConnections } from '../many-connections.ts'

runClient(runManyConnections)
