import { runClient } from '../../client/run-client.ts'
import { runSingleConfirms } from '../single-confirms.ts'

runClient(runSingleConfirms)
