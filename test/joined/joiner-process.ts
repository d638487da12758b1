/*
 * A process that does what it is told by messages, on one data directory after the other:
 *
 *   { open: DIRECTORY }   opens it, and says { opened: true } or { refused: CODE, message }
 *   { echo: true }        answers calls to the queue `echo`, says { working: true }
 *   { call: VALUE }       calls `echo`, says { value }
 *   { close: true }       closes, says { closed: true }
 */

import { type Home, type HomingError, homing, queue } from '../../src/index.ts'
import '../../src/joined/open-directory.ts'
import 'node:sqlite'

const echo = queue('echo', { within: '60s' })
const user = process.env.HOMING_TEST_USER
if (user !== undefined) {
  process.setgroups?.([])
  process.setgid?.(Number(user))
  process.setuid?.(Number(user))
}

let home: Home | undefined

export type Told =
  | { readonly open: string }
  | { readonly echo: true }
  | { readonly call: string }
  | { readonly close: true }

async function obey(told: Told): Promise<object> {
  if ('open' in told) {
    home = await homing(told.open)
    return { opened: true }
  }
  if ('echo' in told) {
    home?.consume(echo, ({ input }) => `${process.pid} ${input}`, { concurrency: 10 })
    return { working: true }
  }
  if ('call' in told) return { value: await home?.call(echo, told.call) }
  await home?.close()
  return { closed: true }
}

process.on('message', (told: Told) => {
  obey(told).then(
    (said) => process.send?.(said),
    ({ code, message }: HomingError) => process.send?.({ refused: code, message }),
  )
})
process.send?.({ ready: true })
