import assert from 'node:assert/strict'
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, type TestContext, test } from 'node:test'
import { runProgram } from '../documents/run-program.ts'
import { root } from '../tidy/source-file.ts'
import {
  otherNode,
  type PackedProject,
  packedProject,
  RegistryUnreachable,
  tool,
} from './packed-project.ts'

const msMax = 30_000
const nodeOldest = '24.0.0'
const nodeLongTerm = '24.21.0'
const nodeTooOld = '20.20.2'
/** Each file costs a quarter of a millisecond of starting and more. */
const filesLoadedMax = 15

let packed: PackedProject | undefined
let unreachable = ''

before(
  async () => {
    try {
      packed = await packedProject()
    } catch (error) {
      if (!(error instanceof RegistryUnreachable)) throw error
      unreachable = 'needs the package registry'
    }
  },
  { timeout: 180_000 },
)
after(() => packed?.[Symbol.dispose]())

/** A test of the installed package; skipped where it could not be installed. */
const packageTest = (
  title: string,
  body: (project: PackedProject, t: TestContext) => Promise<void> | void,
): void => {
  test(title, { timeout: 180_000 }, async (t) => {
    if (packed === undefined) t.skip(unreachable)
    else await body(packed, t)
  })
}

packageTest(
  'the package holds what was built and what people read, and nothing else',
  ({ files }) => {
    const wanted =
      /^(dist\/([\w./-]+\.(js|js\.map|d\.ts)|third-party-licences\.txt|dashboard\/(index\.html|assets\/[\w-]+\.(js|css|svg))(\.br)?|dashboard\/licences\.txt)|README\.md|LICENSE|CHANGELOG\.md|package\.json)$/
    assert.deepEqual(
      files.filter((file) => !wanted.test(file) || /\.test\.|-conformance\.test/.test(file)),
      [],
    )
    for (const file of [
      'dist/index.js',
      'dist/index.d.ts',
      'dist/testing/index.js',
      'dist/cli/bin.js',
    ])
      assert.ok(files.includes(file), file)
  },
)

packageTest('nothing that is installed with the package has an install script', ({ path }) => {
  const lock = JSON.parse(readFileSync(join(path, 'node_modules/.package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, { readonly hasInstallScript?: boolean }>>
  }
  const scripted = Object.entries(lock.packages).filter(([, entry]) => entry.hasInstallScript)
  assert.deepEqual(scripted, [])
})

const nodes = [
  { version: process.versions.node, binary: () => Promise.resolve(process.execPath) },
  ...[nodeLongTerm, nodeOldest].map((version) => ({ version, binary: () => otherNode(version) })),
]

for (const { version, binary } of nodes) {
  packageTest(`the programs of the README run under Node ${version}`, async (project) => {
    const node = await binary()
    assert.ok(project.programs.length > 0, 'the README holds no program')
    for (const program of project.programs) {
      const ran = await runProgram(node, [program], { cwd: project.path, msMax })
      assert.equal(ran.code, 0, ran.output)
    }
  })

  packageTest(`the command homing tells its version under Node ${version}`, async ({ path }) => {
    const bin = join(path, 'node_modules/.bin/homing')
    const ran = await runProgram(await binary(), [bin, '--version'], { cwd: path, msMax })
    assert.equal(ran.code, 0, ran.output)
    const { version: ours } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    assert.equal(ran.out.trim(), ours)
  })
}

packageTest(
  'the command says plainly which Node it needs when started by an older one',
  async ({ path }) => {
    const bin = join(path, 'node_modules/.bin/homing')
    const ran = await runProgram(await otherNode(nodeTooOld), [bin, 'queues'], { cwd: path, msMax })
    assert.equal(ran.code, 1)
    assert.match(ran.output, /^homing needs Node 24 or newer; this is Node 20\.20\.2/)
    assert.doesNotMatch(ran.output, / at .*:\d+/)
  },
)

packageTest(
  'strict compilers take the declarations, without skipping libraries',
  async (project) => {
    const config = {
      compilerOptions: {
        ...{ target: 'es2024', lib: ['es2024', 'esnext.disposable', 'dom'], module: 'nodenext' },
        ...{ strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true },
        ...{ skipLibCheck: false, noEmit: true, types: ['node'], allowImportingTsExtensions: true },
      },
      files: ['doors.ts', ...project.programs],
    }
    const doors =
      "import * as homing from 'homing'\nimport * as testing from 'homing/testing'\nimport * as maintenance from 'homing/maintenance'\n"
    writeFileSync(
      join(project.path, 'doors.ts'),
      `${doors}console.log(homing, testing, maintenance)\n`,
    )
    writeFileSync(join(project.path, 'tsconfig.json'), JSON.stringify(config))
    // Linked, not installed: the compiler and the types of Node are the checkout's own.
    symlinkSync(join(root, 'node_modules/@types'), join(project.path, 'node_modules/@types'))
    const ran = await tool('tsc', ['-p', project.path])
    assert.equal(ran.code, 0, ran.output)
  },
)

/** Every module that a program of the project loads. */
async function loadedBy(project: PackedProject, program: string): Promise<readonly string[]> {
  writeFileSync(
    join(project.path, 'loaded.mjs'),
    `import { registerHooks } from 'node:module'
     const loaded = []
     registerHooks({ resolve: (specifier, context, next) => {
       const found = next(specifier, context)
       loaded.push(found.url)
       return found
     } })
     ${program}
     console.log(JSON.stringify(loaded))`,
  )
  const ran = await runProgram(process.execPath, ['loaded.mjs'], { cwd: project.path, msMax })
  assert.equal(ran.code, 0, ran.output)
  return JSON.parse(ran.out) as readonly string[]
}

packageTest(
  'importing the library loads no command, no testing help and no database',
  async (project) => {
    const loaded = await loadedBy(project, "await import('homing')")
    assert.ok(loaded.some((url) => url.endsWith('/dist/index.js')))
    const unwanted = /\/dist\/(cli|testing)\/|node_modules\/(croner|commander)\/|sqlite/
    assert.deepEqual(
      loaded.filter((url) => unwanted.test(url)),
      [],
    )
  },
)

packageTest(
  'opening a home loads few files of ours, and its outcomes reach the ledger',
  async (project) => {
    const loaded = await loadedBy(
      project,
      `const { homing, queue } = await import('homing')
       const few = queue('few')
       const home = await homing('./few')
       home.consume(few, () => 1)
       await home.call(few, 2)
       await home.close()`,
    )
    const ours = new Set(loaded.filter((url) => url.includes('/dist/')))
    assert.ok(ours.size <= filesLoadedMax, `${ours.size} files: ${[...ours].join(', ')}`)
    // Written by the worker, so that it was found where the package has it.
    const found = `import { DatabaseSync } from 'node:sqlite'
       console.log(new DatabaseSync('few/ledger.sqlite').prepare('SELECT count(*) AS n FROM outcomes').get().n)`
    writeFileSync(join(project.path, 'found.mjs'), found)
    const ran = await runProgram(process.execPath, ['found.mjs'], { cwd: project.path, msMax })
    assert.match(ran.output, /^1\n/, ran.output)
  },
)

packageTest('publint finds nothing to say about the package', async ({ tarball }) => {
  const ran = await tool('publint', ['run', tarball, '--strict'])
  assert.equal(ran.code, 0, ran.output)
  assert.match(ran.output, /All good/)
})

packageTest('the types of the package resolve for every kind of importer', async ({ tarball }) => {
  const ran = await tool('attw', [tarball, '--profile', 'esm-only'])
  assert.equal(ran.code, 0, ran.output)
})
