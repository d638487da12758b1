/*
 * Who may import whom.
 *
 *   base ◀─ message ◀─┬─ contract ◀─┐
 *                     └─ engine port ◀─ client ◀─ door ◀─ cli
 *                            ▲                     │
 *     routing, queue, journal, ledger ◀─ embedded ◀┘
 *                                           ▲
 *          virtual-host port ◀─ amqp   virtual-host
 *                   amqp, virtual-host ◀─ server
 *
 * An area is a folder of src/ or a named file of it. What the table does not allow is refused,
 * whether the import is of a value, of a type only, dynamic, or the file of a worker thread.
 */

import { dirname, join } from 'node:path/posix'
import { nodesOf, type SourceFile, type SyntaxNode } from './source-file.ts'

export interface ImportRule {
  /** Other areas of src/. Files of one area may import each other. */
  readonly areas: readonly string[]
  /** Single files of areas that are otherwise closed to this one. */
  readonly files?: readonly string[]
  /** Packages of npm. */
  readonly packages?: readonly string[]
  /** Modules of Node beside the ones in {@link harmless}. */
  readonly node?: readonly string[]
}

/** Modules of Node that reach no device: no file, no socket, no thread, no timer. Those within
 * one (`node:fs/promises`) go with it. */
const harmless = [
  'node:buffer',
  'node:util',
  'node:path',
  'node:zlib',
  'node:assert',
  'node:crypto',
]

export const importRules: Readonly<Record<string, ImportRule>> = {
  base: { areas: [] },
  // An AMQP message's content type stands in its properties.
  message: { areas: ['base'], files: ['src/amqp/protocol/properties.ts'] },
  engine: { areas: ['base', 'message'] },
  contract: {
    areas: ['base', 'message', 'engine'],
    packages: ['@standard-schema/spec', 'msgpackr', 'avsc'],
    node: ['node:module'],
  },
  client: {
    areas: ['base', 'message', 'engine', 'contract'],
    packages: ['@standard-schema/spec', 'croner', '@opentelemetry/api'],
    node: ['node:async_hooks'],
  },
  routing: { areas: ['base', 'message'] },
  // The port gives the pure parts the shapes they share with it: settings, filters, counts.
  queue: { areas: ['base', 'message', 'engine'] },
  journal: { areas: ['base', 'message'], node: ['node:fs'] },
  ledger: {
    areas: ['base', 'message', 'engine', 'journal'],
    node: ['node:sqlite', 'node:worker_threads', 'node:fs', 'node:timers', 'node:url'],
  },
  'shared-ledger': {
    // Both ledgers list, forget and fail alike.
    areas: ['base', 'message', 'engine', 'ledger'],
    files: ['src/contract/optional-module.ts'],
    packages: ['pg'],
    node: ['node:sqlite', 'node:worker_threads', 'node:fs', 'node:timers', 'node:url'],
  },
  // The codec shares with routing what the values of a field table are, and nothing else.
  'amqp-protocol': { areas: ['base'], files: ['src/embedded/routing/header-value.ts'] },
  embedded: {
    // The protocol's codec writes the history of a dead letter into its headers.
    areas: [
      ...['base', 'message', 'engine', 'amqp-protocol'],
      ...['routing', 'queue', 'journal', 'ledger'],
    ],
    node: ['node:fs', 'node:os', 'node:sqlite', 'node:url'],
  },
  // The port between two processes: the format knows no socket, the session no channel.
  'port-wire': { areas: ['base', 'message', 'engine'] },
  'port-session': { areas: ['base', 'message', 'engine', 'amqp-protocol', 'port-wire'] },
  'virtual-host': {
    areas: [
      ...['base', 'message', 'engine', 'amqp-protocol', 'routing', 'queue', 'embedded'],
      ...['port-wire', 'port-session'],
    ],
  },
  // Connections and channels know virtual hosts by their port only.
  amqp: {
    areas: ['base', 'message', 'amqp-protocol'],
    files: [
      'src/embedded/routing/header-value.ts',
      'src/virtual-host/port.ts',
      'src/port-wire/frame.ts',
    ],
    node: ['node:net', 'node:tls', 'node:timers'],
  },
  server: {
    areas: [
      ...['base', 'message', 'engine', 'routing', 'embedded'],
      ...['amqp-protocol', 'amqp', 'virtual-host'],
    ],
    files: [
      // A broker inside a test keeps everything in memory.
      ...['src/embedded/journal/memory-disk.ts', 'src/embedded/ledger/memory-ledger.ts'],
      // Other processes join `homing serve`, too.
      'src/joined/owner-socket.ts',
      // It is opened behind the server's own interface.
      ...[
        'src/http/open-http.ts',
        'src/http/http-settings.ts',
        'src/http/site.ts',
        'src/http/rabbitmq/definitions-file.ts',
        'src/http/rabbitmq/definitions-import.ts',
      ],
    ],
    packages: ['pino'],
    node: [
      'node:fs',
      'node:net',
      'node:os',
      'node:perf_hooks',
      'node:process',
      'node:timers',
      'node:url',
      'node:v8',
      'node:vm',
    ],
  },
  // API, dashboard and metrics: one more way to what the server has.
  http: {
    areas: [
      ...['base', 'message', 'engine', 'routing', 'embedded'],
      ...['amqp-protocol', 'amqp', 'virtual-host', 'port-session', 'server', 'http-shapes'],
    ],
    packages: ['hono', '@hono/node-server', 'zod'],
    node: [
      'node:fs',
      'node:http',
      'node:net',
      'node:os',
      'node:perf_hooks',
      'node:process',
      'node:tls',
      'node:url',
    ],
  },
  // What a server can be told; it makes the server's settings of it.
  config: {
    areas: ['base'],
    files: [
      ...['src/amqp/listen-address.ts', 'src/embedded/engine-options.ts'],
      ...['src/server/server-settings.ts', 'src/server/server-log.ts'],
      'src/server/running-server.ts',
      'src/http/http-settings.ts',
    ],
    packages: ['toml-eslint-parser', 'zod'],
    node: ['node:fs', 'node:process'],
  },
  // Shapes of what the API answers: read by the server as values, by the dashboard as types.
  'http-shapes': { areas: ['base', 'message'], files: ['src/http/access.ts'], packages: ['zod'] },
  // It runs in a browser: of the server it knows types of answers only.
  dashboard: { areas: ['http-shapes'], packages: ['preact', '@preact/signals', 'uplot'] },
  // Engines elsewhere, over connections: they know no engine of this process.
  adapters: {
    areas: ['base', 'message', 'engine', 'port-wire', 'shared-ledger'],
    // What every engine checks alike.
    files: ['src/embedded/port-checks.ts'],
    packages: ['amqplib'],
    node: ['node:fs', 'node:net', 'node:tls', 'node:timers'],
  },
  // Several processes on one data directory: its owner, and those who come to it.
  joined: {
    areas: ['base', 'message', 'engine', 'embedded', 'ledger', 'server', 'adapters'],
    node: ['node:fs', 'node:net', 'node:timers'],
  },
  door: {
    areas: [
      ...['base', 'message', 'engine', 'contract', 'client'],
      ...['embedded', 'amqp', 'server', 'config', 'adapters', 'joined'],
    ],
    files: ['src/http/http-settings.ts'],
  },
  testing: {
    areas: [
      ...['base', 'message', 'engine', 'contract', 'client', 'door', 'server'],
      ...['routing', 'queue', 'journal', 'ledger', 'embedded'],
    ],
    packages: ['@standard-schema/spec'],
    node: ['node:test', 'node:fs', 'node:os', 'node:timers'],
  },
  // The package's first user: it goes through the doors that every user goes through.
  cli: {
    areas: [],
    files: ['src/index.ts', 'src/maintenance.ts', 'src/server.ts', 'src/testing/index.ts'],
    packages: ['commander'],
    node: ['*'],
  },
}

/** Files directly in src/ that are not base. */
const namedFiles: Readonly<Record<string, string>> = {
  'src/engine.ts': 'engine',
  'src/index.ts': 'door',
  'src/maintenance.ts': 'door',
  'src/amqp.ts': 'door',
  'src/server.ts': 'door',
  'src/homing.ts': 'door',
}

/** The area of a file of src/, or undefined when the folder is not in the table. */
export function areaOf(path: string): string | undefined {
  const [, folder = '', inner = ''] = path.split('/')
  if (folder.endsWith('.ts')) return namedFiles[path] ?? 'base'
  const area = /\.tsx?$/.test(inner) ? folder : innerArea(folder, inner)
  return Object.hasOwn(importRules, area) ? area : undefined
}

/** Folders within embedded are areas by their own names, those within amqp by both. */
function innerArea(folder: string, inner: string): string {
  if (folder === 'amqp') return `amqp-${inner}`
  if (folder === 'http' && inner === 'shapes') return 'http-shapes'
  return folder === 'embedded' ? inner : folder
}

export interface ImportFound {
  readonly from: string
  /** As written. */
  readonly specifier: string
  /** Path from the root for a relative import, otherwise the specifier. */
  readonly to: string
}

export function importsOf(file: SourceFile): readonly ImportFound[] {
  const specifiers = new Set<string>()
  for (const node of nodesOf(file)) {
    const specifier = specifierOf(node)
    if (specifier !== undefined) specifiers.add(specifier)
  }
  return [...specifiers].map((specifier) => ({
    from: file.path,
    specifier,
    to: specifier.startsWith('.') ? join(dirname(file.path), specifier) : specifier,
  }))
}

/** Why an import is refused, or undefined when it is allowed. */
export function refusal(found: ImportFound): string | undefined {
  const says = (why: string): string => `${found.from} imports '${found.specifier}': ${why}`
  const area = areaOf(found.from)
  if (area === undefined) return says('its folder is not in the table of test/tidy/imports.ts')
  const rule = importRules[area] ?? { areas: [] }
  if (found.specifier.startsWith('.')) return relativeRefusal(found, area, rule, says)
  if (found.specifier.startsWith('node:')) {
    const allowed = [...harmless, ...(rule.node ?? [])]
    const known = allowed.some((name) => name === '*' || isWithin(found.specifier, name))
    return known ? undefined : says(`${area} does not use this module of Node`)
  }
  const known = rule.packages?.some((name) => isWithin(found.specifier, name)) ?? false
  return known ? undefined : says(`${area} does not use this package`)
}

function relativeRefusal(
  found: ImportFound,
  area: string,
  rule: ImportRule,
  says: (why: string) => string,
): string | undefined {
  if (!found.to.startsWith('src/')) return says('src/ imports nothing outside src/')
  if (!/\.tsx?$/.test(found.to)) return says('relative imports are written with .ts')
  const target = areaOf(found.to)
  if (target === undefined) return says('its folder is not in the table of test/tidy/imports.ts')
  if (target === area || rule.areas.includes(target)) return undefined
  if (rule.files?.includes(found.to)) return undefined
  return says(`${area} may not import ${target}`)
}

/** Each circle of imports once, as the paths along it. */
export function circles(imports: readonly ImportFound[]): readonly (readonly string[])[] {
  const targets = Map.groupBy(imports, (found) => found.from)
  const done = new Set<string>()
  const found: string[][] = []
  const visit = (path: string, trail: readonly string[]): void => {
    const at = trail.indexOf(path)
    if (at !== -1) found.push([...trail.slice(at), path])
    if (at !== -1 || done.has(path)) return
    for (const next of targets.get(path) ?? []) visit(next.to, [...trail, path])
    done.add(path)
  }
  for (const path of targets.keys()) visit(path, [])
  return found
}

const isWithin = (specifier: string, name: string): boolean =>
  specifier === name || specifier.startsWith(`${name}/`)

function specifierOf(node: SyntaxNode): string | undefined {
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportNamedDeclaration':
    case 'ExportAllDeclaration':
    case 'ImportExpression':
    case 'TSImportType':
      return literal(node.source)
    case 'NewExpression':
      return workerFile(node)
    default:
      return undefined
  }
}

/** `new URL('./worker.ts', import.meta.url)`: how the file of a worker thread is named. */
function workerFile(node: SyntaxNode): string | undefined {
  const callee = node.callee as { readonly name?: unknown }
  const first = literal((node.arguments as readonly unknown[])[0])
  return callee.name === 'URL' && first?.endsWith('.ts') ? first : undefined
}

function literal(node: unknown): string | undefined {
  const value = (node as { readonly value?: unknown } | null | undefined)?.value
  return typeof value === 'string' ? value : undefined
}
