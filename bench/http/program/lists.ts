import { runClient } from '../../client/run-client.ts'
import { runHttpLists } from '../lists.ts'

runClient(runHttpLists)
