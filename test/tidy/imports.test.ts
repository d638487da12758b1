import assert from 'node:assert/strict'
import { test } from 'node:test'
import { areaOf, circles, importsOf, refusal } from './imports.ts'
import { repositoryFiles } from './source-file.ts'

const sample = (path: string, text: string) => importsOf({ path, text })
const refusals = (path: string, text: string) => sample(path, text).flatMap((i) => refusal(i) ?? [])
const tested = (path: string): boolean => path.endsWith('.test.ts')

const sources = repositoryFiles('src/**/*.{ts,tsx}')
const imports = sources.flatMap(importsOf)

test('every folder of src has its row in the table of allowed imports', () => {
  const strangers = sources.map(({ path }) => path).filter((path) => areaOf(path) === undefined)
  assert.deepEqual(strangers, [])
})

test('imports point inward, type-only imports included', () => {
  const shipped = imports.filter(({ from }) => !tested(from) && !from.includes('-conformance'))
  assert.deepEqual(
    shipped.flatMap((found) => refusal(found) ?? []),
    [],
  )
})

test('no file imports a test', () => {
  assert.deepEqual(
    imports.filter(({ to }) => tested(to)),
    [],
  )
})

test('imports form no circle, type-only imports included', () => {
  assert.deepEqual(
    circles(imports).map((circle) => circle.join(' → ')),
    [],
  )
})

test('the client is refused the embedded engine in every way of importing it', () => {
  for (const text of [
    "import { broker } from '../embedded/broker.ts'",
    "import type { Broker } from '../embedded/broker.ts'",
    "export { broker } from '../embedded/broker.ts'",
    "export * from '../embedded/broker.ts'",
    "const { broker } = await import('../embedded/broker.ts')",
    "let broker: import('../embedded/broker.ts').Broker",
    "new Worker(new URL('../embedded/broker.ts', import.meta.url))",
  ])
    assert.match(
      refusals('src/client/producer.ts', text).join(),
      /client may not import embedded/,
      text,
    )
})

test('pure parts are refused devices, strangers and what lies outside src', () => {
  const path = 'src/embedded/queue/queue.ts'
  assert.match(refusals(path, "import 'node:fs'").join(), /does not use this module of Node/)
  assert.match(refusals(path, "import 'croner'").join(), /does not use this package/)
  assert.match(refusals(path, "import '../../../test/x.ts'").join(), /outside src/)
  assert.match(refusals(path, "import '../journal/journal.ts'").join(), /may not import journal/)
  assert.match(refusals(path, "import './fifo.js'").join(), /written with \.ts/)
  assert.match(refusals('src/new/x.ts', "import '../errors.ts'").join(), /not in the table/)
})

test('the command goes through the public doors only', () => {
  assert.deepEqual(refusals('src/cli/main.ts', "import '../index.ts'; import 'node:fs'"), [])
  assert.match(refusals('src/cli/main.ts', "import '../homing.ts'").join(), /may not import door/)
  assert.match(refusals('src/cli/main.ts', "import '../errors.ts'").join(), /may not import base/)
})

test('the codec of AMQP knows no engine, and connections know virtual hosts by their port', () => {
  const codec = 'src/amqp/protocol/field-table.ts'
  const values = "import '../../embedded/routing/header-value.ts'"
  assert.deepEqual(refusals(codec, values), [])
  assert.match(refusals(codec, "import '../tune.ts'").join(), /may not import amqp/)
  assert.match(refusals(codec, "import '../../embedded/routing/routing.ts'").join(), /routing/)
  assert.match(refusals(codec, "import 'node:net'").join(), /does not use this module/)
  assert.deepEqual(refusals('src/amqp/channel.ts', "import '../virtual-host/port.ts'"), [])
  assert.match(refusals('src/amqp/channel.ts', "import '../embedded/broker.ts'").join(), /embedded/)
  assert.match(refusals('src/amqp/new/x.ts', "import '../tune.ts'").join(), /not in the table/)
})

test('what the table allows is allowed', () => {
  const text = "import '../../errors.ts'; import './fifo.ts'; import { Buffer } from 'node:buffer'"
  assert.deepEqual(refusals('src/embedded/queue/queue.ts', text), [])
})

test('a circle is found, also through types only', () => {
  const files = [
    { path: 'src/a.ts', text: "import type { B } from './b.ts'" },
    { path: 'src/b.ts', text: "import { c } from './c.ts'" },
    { path: 'src/c.ts', text: "import { a } from './a.ts'" },
    { path: 'src/d.ts', text: "import { a } from './a.ts'" },
  ]
  assert.deepEqual(circles(files.flatMap(importsOf)), [
    ['src/a.ts', 'src/b.ts', 'src/c.ts', 'src/a.ts'],
  ])
})
