/*
 * The files of the dashboard, as `npm run build` made them: `index.html` for every page, hashed names
 * below `assets/` that never change.
 *
 * Rule: files are known by name from a list read once; a path from outside is only looked up in it.
 */

import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

interface StaticFile {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly brotli: Uint8Array<ArrayBuffer> | undefined
  readonly type: string
  readonly etag: string
  readonly isHashed: boolean
}

const types: ReadonlyMap<string, string> = new Map([
  ['.html', 'text/html; charset=utf-8'],
  ['.js', 'text/javascript; charset=utf-8'],
  ['.css', 'text/css; charset=utf-8'],
  ['.svg', 'image/svg+xml'],
  ['.png', 'image/png'],
  ['.json', 'application/json'],
  ['.txt', 'text/plain; charset=utf-8'],
])

/** Built, it stands in `http/` beside them; unbuilt, `src/dashboard` is what they are made of. */
const folder = fileURLToPath(
  new URL(
    import.meta.url.endsWith('.ts') ? '../../dist/dashboard/' : '../dashboard/',
    import.meta.url,
  ),
)

export class StaticFiles {
  #files: ReadonlyMap<string, StaticFile> | undefined

  /** Undefined when there is none, so that the path is nobody's. */
  async find(path: string, request: Request): Promise<Response | undefined> {
    if (path.startsWith('/api/')) return undefined
    this.#files ??= readFiles()
    const isPage = !path.slice(1).includes('.') && !path.startsWith('/assets/')
    const file = this.#files.get(isPage ? '/index.html' : path)
    if (file === undefined) return isPage && path === '/' ? notBuilt() : undefined
    const headers = new Headers({
      'content-type': file.type,
      'cache-control': file.isHashed ? 'public, max-age=31536000, immutable' : 'no-cache',
      etag: file.etag,
      vary: 'accept-encoding',
    })
    if (request.headers.get('if-none-match') === file.etag)
      return new Response(null, { status: 304, headers })
    const takesBrotli = /\bbr\b/.test(request.headers.get('accept-encoding') ?? '')
    if (takesBrotli && file.brotli !== undefined) headers.set('content-encoding', 'br')
    return new Response(takesBrotli ? (file.brotli ?? file.bytes) : file.bytes, { headers })
  }
}

function readFiles(): ReadonlyMap<string, StaticFile> {
  const files = new Map<string, StaticFile>()
  if (!existsSync(join(folder, 'index.html'))) return files
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length).replaceAll('\\', '/'))
  for (const name of names) {
    const type = types.get(extname(name))
    if (type === undefined) continue
    const bytes = readFileSync(join(folder, name))
    const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`
    const brotli = names.includes(`${name}.br`)
      ? readFileSync(join(folder, `${name}.br`))
      : undefined
    files.set(`/${name}`, { bytes, brotli, type, etag, isHashed: name.startsWith('assets/') })
  }
  return files
}

const notBuilt = (): Response =>
  new Response(
    'The dashboard is not built: run npm run build. The API is at /api/openapi.json.\n',
    {
      status: 404,
      headers: { 'content-type': 'text/plain; charset=utf-8' },
    },
  )
