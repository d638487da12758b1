/*
 * What the compiler knows about sending. Nothing here runs: `tsc` is the test, and a line marked
 * `@ts-expect-error` that compiles is a failure.
 */

import type { Home, Input, NameOf, Output, Parsed, Returned } from '../../src/index.ts'
import {
  type bare,
  bytes,
  length,
  type mixed,
  other,
  resize,
  texts,
  type withArktype,
  type withValibot,
} from './contracts.ts'
import { same } from './same.ts'

export function contracts(): void {
  same<NameOf<typeof resize>, 'resize'>()
  same<Input<typeof resize>, { url: string; width?: number | undefined }>()
  same<Parsed<typeof resize>, { url: string; width: number }>()
  same<Returned<typeof resize>, { key: string; bytes: number }>()
  same<Input<typeof length>, string>()
  same<Parsed<typeof length>, number>()
  same<Input<typeof bare>, unknown>()
  same<Output<typeof bare>, unknown>()
  same<Input<typeof texts>, string>()
  same<Output<typeof texts>, string>()
  same<Input<typeof bytes>, Uint8Array>()
  same<Input<typeof mixed>, Uint8Array>()
  same<Output<typeof mixed>, string>()
  same<Parsed<typeof withValibot>, { n: number }>()
  same<Returned<typeof withValibot>, number | undefined>()
  same<Output<typeof withValibot>, number>()
  same<Parsed<typeof withArktype>, { n: number }>()
}

export async function calls(home: Home): Promise<void> {
  same<Awaited<ReturnType<typeof callResize>>, { key: string; bytes: number }>()
  function callResize() {
    return home.call(resize, { url: 'https://x' })
  }
  const { key } = await home.call(resize, { url: 'https://x', width: 3 }, { within: '5s' })
  same<typeof key, string>()
  const receipt = await home.send(resize, { url: 'u' }, { id: 'photo:42', priority: 9 })
  for await (const seen of receipt.progress()) same<typeof seen, { percent: number }>()
  same<Awaited<ReturnType<typeof receipt.result>>, { key: string; bytes: number }>()
  const outcomes = await home.callAll(resize, [{ url: 'a' }, { url: 'b' }])
  const [first] = outcomes
  if (first?.ok) same<typeof first.value, { key: string; bytes: number }>()

  // @ts-expect-error the input has no url
  await home.send(resize, { width: 1 })
  // @ts-expect-error the width is a text
  await home.call(resize, { url: 'u', width: '1' })
  // @ts-expect-error an input that is not declared
  await home.send(resize, { url: 'u', hight: 1 })
  // @ts-expect-error one of many has no url
  await home.sendMany(resize, [{ url: 'u' }, { width: 1 }])
  // @ts-expect-error no such option
  await home.send(resize, { url: 'u' }, { witin: '5s' })
  // @ts-expect-error no such unit
  await home.send(resize, { url: 'u' }, { within: '5 parsecs' })
  // @ts-expect-error headers are texts
  await home.send(resize, { url: 'u' }, { headers: { n: 1 } })
  // @ts-expect-error bytes are no text
  await home.send(texts, new Uint8Array(1))
  // @ts-expect-error a text is no bytes
  await home.send(bytes, 'x')
  // @ts-expect-error not a number: the input schema parses a text
  await home.send(length, 5)
  // @ts-expect-error many ids for one message
  await home.send(other, { a: 1 }, { ids: ['x'] })
  // @ts-expect-error one id for many messages
  await home.sendMany(other, [{ a: 1 }], { id: 'x' })
  // A receipt is not thenable: awaiting it gives the receipt, not the outcome.
  same<Awaited<typeof receipt>, typeof receipt>()
  // @ts-expect-error a receipt has no then
  receipt.then
}

export async function schedules(home: Home): Promise<void> {
  await home.schedule('nightly', '0 3 * * *', other, { a: 1 }, { timezone: 'Europe/Vienna' })
  // @ts-expect-error the input does not fit
  await home.schedule('nightly', '0 3 * * *', other, { b: 1 })
  // @ts-expect-error a schedule has its own times
  await home.schedule('nightly', '0 3 * * *', other, { a: 1 }, { delay: '1s' })
}
