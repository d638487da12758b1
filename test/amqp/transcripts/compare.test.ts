import assert from 'node:assert/strict'
import { test } from 'node:test'
import { differencesOf } from './compare.ts'
import { partingLines } from './intended-difference.ts'
import { type Line, Transcript } from './transcript.ts'

const played = (...lines: readonly (readonly [Line['kind'], string, string?])[]): Transcript => {
  const transcript = new Transcript('lane-3')
  for (const [kind, text, stream = 'c1 #1'] of lines) transcript.add({ stream, kind, text })
  return transcript
}

const parting = (ours: Transcript, theirs: Transcript): readonly string[] =>
  partingLines(differencesOf(ours, theirs))

const close = (text: string): Transcript =>
  played(['received', `channel.close replyCode=404 replyText="${text}" classId=50 methodId=10`])

test('transcripts of the same frames do not differ, whatever was sent in between', () => {
  const ours = played(['sent', 'basic.get'], ['received', 'basic.get-empty'])
  assert.deepEqual(parting(ours, played(['received', 'basic.get-empty'])), [])
})

test('another frame, one more and one less are differences', () => {
  const one = played(['received', 'a'], ['received', 'b'])
  assert.deepEqual(parting(one, played(['received', 'a'], ['received', 'c'])), ['c1 #1: b'])
  assert.deepEqual(parting(one, played(['received', 'a'])), ['c1 #1: b'])
  assert.deepEqual(parting(played(['received', 'a']), one), ['c1 #1: nothing more'])
  assert.deepEqual(parting(played(), one), ['c1 #1: nothing more'])
})

test('another order is a difference on one channel, and none across channels', () => {
  const order = (...texts: readonly string[]) =>
    played(...texts.map((t) => ['received', t] as const))
  assert.notDeepEqual(parting(order('a', 'b'), order('b', 'a')), [])
  const one = played(['received', 'a', 'c1 #1'], ['received', 'b', 'c1 #2'])
  assert.deepEqual(parting(one, played(['received', 'b', 'c1 #2'], ['received', 'a', 'c1 #1'])), [])
})

test('confirms are compared tag by tag, in any order', () => {
  const confirms = (...texts: readonly string[]) =>
    played(...texts.map((t) => ['confirm', t] as const))
  assert.deepEqual(
    parting(confirms('2 confirmed', '10 confirmed'), confirms('10 confirmed', '2 confirmed')),
    [],
  )
  assert.notDeepEqual(parting(confirms('2 confirmed'), confirms('2 refused')), [])
})

test('reply texts about frames differ by their name and by what they quote', () => {
  const text = "FRAME_ERROR - type 'q', all octets = <<1,2>>"
  assert.deepEqual(parting(close(text), close("FRAME_ERROR - 'q' is no type")), [])
  assert.notDeepEqual(parting(close(text), close("FRAME_ERROR - type 'r'")), [])
  assert.notDeepEqual(parting(close(text), close("UNEXPECTED_FRAME - type 'q'")), [])
})

test('other reply texts are compared whole', () => {
  const text =
    "PRECONDITION_FAILED - inequivalent arg 'durable' for queue 'q' in vhost '/': received 'true' but current is 'false'"
  assert.deepEqual(parting(close(text), close(text)), [])
  assert.notDeepEqual(parting(close(text), close(text.replace('received', 'got'))), [])
})

test('names that a broker makes up are equal by the order in which they appear', () => {
  const names = (a: string, b: string) =>
    played(['received', `queue=amq.gen-${a}`], ['received', `queue=amq.gen-${b}`])
  assert.deepEqual(parting(names('aaaa', 'bbbb'), names('cccc', 'dddd')), [])
  assert.notDeepEqual(parting(names('aaaa', 'aaaa'), names('cccc', 'dddd')), [])
})
