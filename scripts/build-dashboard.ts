/*
 * Builds the dashboard: src/dashboard to a folder of files that the server hands out as they are.
 *
 *   node scripts/build-dashboard.ts [FOLDER]
 *
 *   index.html, assets/….js, assets/….css, assets/….svg ─▶ each beside its brotli copy, ….br
 *   licences of the packages that the script carries     ─▶ licences.txt
 *
 * Rule: nothing is inlined into the HTML, since the content security policy would refuse it. See docs/adr/0016.
 */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { brotliCompressSync, constants } from 'node:zlib'
import { build } from 'vite'

const root = join(import.meta.dirname, '..')

/** What the script carries, besides our own. */
const carried = ['preact', '@preact/signals', '@preact/signals-core', 'uplot']

export async function buildDashboard(target: string): Promise<void> {
  await build({
    configFile: false,
    root: join(root, 'src/dashboard'),
    logLevel: 'warn',
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    build: {
      outDir: target,
      emptyOutDir: true,
      // The oldest with light-dark(), by which the two colour schemes are one.
      target: ['chrome125', 'firefox125', 'safari18'],
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
    },
  })
  writeFileSync(join(target, 'licences.txt'), licences())
  for (const file of filesIn(target)) {
    if (!/\.(html|js|css|svg)$/.test(file)) continue
    const bytes = readFileSync(file)
    const params = { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length }
    writeFileSync(`${file}.br`, brotliCompressSync(bytes, { params }))
  }
}

const filesIn = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))

const licences = (): string =>
  carried
    .map((name) => {
      const folder = join(root, 'node_modules', name)
      const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
        readonly version: string
      }
      return `${name} ${version}\n\n${readFileSync(join(folder, 'LICENSE'), 'utf8').trim()}\n`
    })
    .join('\n\n')

if (import.meta.main) await buildDashboard(resolve(process.argv[2] ?? join(root, 'dist/dashboard')))
