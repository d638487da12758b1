import { rabbitRoundTrips } from './rabbitmq.ts'
import { runClient } from './run-client.ts'

runClient(rabbitRoundTrips)
