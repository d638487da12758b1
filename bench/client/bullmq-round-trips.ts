import { bullmqRoundTrips } from './bullmq.ts'
import { runClient } from './run-client.ts'

runClient(bullmqRoundTrips)
