/*
 * Certificates made for one test run by openssl: an authority, a server, clients, and one of another
 * authority.
 */

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Pem {
  readonly cert: Buffer
  readonly key: Buffer
}

export interface Certificates extends Disposable {
  readonly folder: string
  readonly ca: Buffer
  readonly server: Pem
  /** Common name `ada`, alternative name `ada@example.org`. */
  readonly client: Pem
  /** The same names, signed by somebody else. */
  readonly forged: Pem
}

const newKey = '-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'

export function makeCertificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), 'homing-tls-'))
  const path = (name: string): string => join(folder, name)
  const openssl = (words: string): void => {
    execFileSync('openssl', words.split(' '), { cwd: folder, stdio: 'pipe' })
  }
  const authority = (name: string): void =>
    openssl(`req -x509 ${newKey} -days 2 -subj /CN=${name} -keyout ${name}.key -out ${name}.pem`)
  const signed = (name: string, by: string, names: readonly [string, string]): Pem => {
    const [commonName, alternative] = names
    writeFileSync(path(`${name}.ext`), `subjectAltName=${alternative}\n`)
    openssl(`req ${newKey} -subj /CN=${commonName} -keyout ${name}.key -out ${name}.csr`)
    const signer = `-CA ${by}.pem -CAkey ${by}.key -CAcreateserial -days 2`
    openssl(`x509 -req -in ${name}.csr ${signer} -extfile ${name}.ext -out ${name}.pem`)
    return { cert: readFileSync(path(`${name}.pem`)), key: readFileSync(path(`${name}.key`)) }
  }
  authority('authority')
  authority('stranger')
  return {
    folder,
    ca: readFileSync(path('authority.pem')),
    server: signed('server', 'authority', ['localhost', 'IP:127.0.0.1']),
    client: signed('client', 'authority', ['ada', 'email:ada@example.org']),
    forged: signed('forged', 'stranger', ['ada', 'email:ada@example.org']),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  }
}
