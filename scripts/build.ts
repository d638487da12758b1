/*
 * Builds the package: src/ to JavaScript and declarations in dist/, or in the folder given.
 *
 *   node scripts/build.ts [FOLDER]
 *
 *   src/index.ts ───────────▶ dist/index.js             one file a door, command and worker,
 *   src/…/open.ts ──────────▶ dist/embedded/open.js     one a module that is imported lazily,
 *   what several need ──────▶ dist/shared/….js          few for the rest: each file costs starting time
 *   types of all of it ─────▶ dist/….d.ts               by tsc, file by file
 *   src/dashboard ──────────▶ dist/dashboard            by vite: scripts/build-dashboard.ts
 *
 * Rule: code that asks where it stands (`import.meta`) stays in the folder it has in src/, so that
 * the way from it to a worker or to package.json is the same built and unbuilt. See docs/adr/0007.
 */

import { spawnSync } from 'node:child_process'
import { chmodSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { type OutputChunk, rolldown } from 'rolldown'
import { buildDashboard } from './build-dashboard.ts'

const root = join(import.meta.dirname, '..')
const source = join(root, 'src')
const target = resolve(process.argv[2] ?? join(root, 'dist'))
const compiler = join(root, 'node_modules/typescript/bin/tsc')

/**
 * Packages that go into ours, with their licences: the part of zod that is used is small, and importing
 * the whole costs a start more time than reading its configuration. See docs/adr/0017.
 */
const bundled = ['zod']
const isBundled = (id: string): boolean =>
  bundled.some((name) => id === name || id.startsWith(`${name}/`))

interface Manifest {
  readonly bin: Readonly<Record<string, string>>
  readonly exports: Readonly<Record<string, string | { readonly default: string }>>
}

/** What is loaded by name from outside: doors, commands, workers. As in src/, without extension. */
function entries(): readonly string[] {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest
  const doors = Object.values(manifest.exports).map((door) =>
    typeof door === 'string' ? door : door.default,
  )
  const built = [...doors, ...Object.values(manifest.bin)].flatMap(
    (path) => /^\.\/dist\/(.+)\.js$/.exec(path)?.[1] ?? [],
  )
  const workers = globSync('**/*-worker.ts', { cwd: source }).map((path) => path.slice(0, -3))
  return [...built, ...workers]
}

/** The embedded engine, without its ledgers and what only maintenance uses. */
const engineModules =
  /\/src\/(embedded\/(?!ledger\/|verify|export)|joined\/(owner|local|directory)|identifier\.ts$)/

/** Where a module of src/ stands in the package. */
const placeOf = (moduleId: string): string => relative(source, moduleId).replace(/\.ts$/, '.js')

async function bundle(): Promise<readonly OutputChunk[]> {
  const input = Object.fromEntries(entries().map((path) => [path, join(source, `${path}.ts`)]))
  const build = await rolldown({
    cwd: root,
    input,
    platform: 'node',
    // Everything that is not a file of ours, Node's own modules included, but for what comes along.
    external: (id) => /^[^./]/.test(id) && !isBundled(id),
  })
  const { output } = await build.write({
    dir: target,
    format: 'esm',
    sourcemap: true,
    entryFileNames: '[name].js',
    chunkFileNames: ({ facadeModuleId }) =>
      facadeModuleId ? placeOf(facadeModuleId) : 'shared/[name].js',
    codeSplitting: {
      // What all the others need, in one file; not the ids, which want all of node:crypto.
      groups: [
        {
          name: 'base',
          test: /\/src\/(message\/|(?!amqp|homing|identifier|index|maintenance|server)[\w-]+\.ts$)/,
        },
        // What every program with a data directory needs, in two more: whichever doors are added
        // elsewhere, opening a directory loads these.
        {
          name: 'ledger',
          test: /\/src\/embedded\/ledger\/(?!.*-(ledger|worker|writer|conformance)\.ts$)/,
        },
        { name: 'engine', test: engineModules },
      ],
    },
  })
  await build.close()
  return output.filter((file) => file.type === 'chunk')
}

/** Modules that ask where they stand, and would get another answer than in src/. */
const moved = (chunks: readonly OutputChunk[]): readonly string[] =>
  chunks.flatMap(({ fileName, moduleIds }) =>
    moduleIds.filter(
      (id) =>
        dirname(placeOf(id)) !== dirname(fileName) &&
        /\bimport\.meta\b/.test(readFileSync(id, 'utf8')),
    ),
  )

// A file that was renamed in src/ must not live on in the package under its old name.
rmSync(target, { recursive: true, force: true })
const strays = moved(await bundle())
if (strays.length > 0) {
  throw new Error(`these use import.meta and were moved out of their folder: ${strays.join(', ')}`)
}
await buildDashboard(join(target, 'dashboard'))
const declared = spawnSync(
  process.execPath,
  [compiler, '-p', join(root, 'tsconfig.build.json'), '--outDir', target],
  { stdio: 'inherit' },
)
if (declared.status === 0) chmodSync(join(target, 'cli/bin.js'), 0o755)
const licences = bundled.map((name) => {
  const folder = join(root, 'node_modules', name)
  return `${name}\n\n${readFileSync(join(folder, 'LICENSE'), 'utf8')}`
})
writeFileSync(join(target, 'third-party-licences.txt'), licences.join('\n\n'))
process.exitCode = declared.status ?? 1
