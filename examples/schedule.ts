/*
 * Again and again: a message at every time of a cron expression.
 *
 * The next occurrence is always in the queue already, under an id that names its time. So the same
 * schedule in several processes, or after a restart, sends each occurrence once.
 *
 * Run it:  npx node examples/schedule.ts [where]
 */

import { z } from 'zod'
import { homing, queue } from '../src/index.ts'

const heartbeat = queue('heartbeat', { input: z.object({ of: z.string() }) })

await using home = await homing(process.argv[2] ?? './data/schedule')

const { promise: enough, resolve: stop } = Promise.withResolvers<void>()
let beats = 0
home.consume(heartbeat, ({ id, input }) => {
  console.log(`beat ${++beats} of ${input.of}: ${id}`)
  if (beats === 2) stop()
})

// Six fields: with seconds. Five fields are the usual ones: '0 8 * * 1-5' is at 8 on weekdays.
const schedule = await home.schedule('heartbeat', '* * * * * *', heartbeat, { of: 'the example' })
console.log('next:', schedule.next?.toISOString())

await enough
// Ends the schedule; the occurrence that waits in the queue is canceled.
await home.unschedule('heartbeat')
console.log('unscheduled')
