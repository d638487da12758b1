import assert from 'node:assert/strict'
import { once } from 'node:events'
import https from 'node:https'
import { test } from 'node:test'
import tls from 'node:tls'
import type { HttpSettings } from '../../src/http/http-settings.ts'
import { type Certificates, makeCertificates, type Pem } from '../amqp/server/certificates.ts'
import { httpTestServer } from './http-server.ts'

const listen = ({ server, ca }: Certificates, verifyPeer = false): HttpSettings['listen'] => [
  { host: '127.0.0.1', port: 0, tls: { ...server, ca, verifyPeer } },
]

interface Answer {
  readonly status: number | undefined
  readonly text: string
  readonly cookie: string
}

interface Asked {
  readonly url: string
  readonly ca: Buffer
  readonly pem?: Pem
  readonly login?: { readonly user: string; readonly password: string }
}

/** By TLS, with a client's certificate or without. */
async function ask({ url, ca, pem, login }: Asked): Promise<Answer> {
  const request = https.request(`${url}/api/session`, {
    method: login === undefined ? 'GET' : 'POST',
    headers: { 'content-type': 'application/json' },
    ca,
    ...pem,
    agent: false,
  })
  request.end(login && JSON.stringify(login))
  const [response] = (await once(request, 'response')) as [import('node:http').IncomingMessage]
  let text = ''
  for await (const chunk of response.setEncoding('utf8')) text += chunk
  return { status: response.statusCode, text, cookie: response.headers['set-cookie']?.[0] ?? '' }
}

test('over TLS a client comes in by its certificate, and by no other', async () => {
  using certificates = makeCertificates()
  const { ca, client, forged } = certificates
  await using server = await httpTestServer({}, { listen: listen(certificates) })
  await server.addUser('ada')
  const { url } = server
  assert.match(url, /^https:/)
  const known = await ask({ url, ca, pem: client })
  assert.deepEqual([known.status, JSON.parse(known.text).user], [200, 'ada'])
  assert.equal((await ask({ url, ca })).status, 401)
  assert.equal((await ask({ url, ca, pem: forged })).status, 401)
  server.server.accounts.deleteUser('ada')
  assert.equal((await ask({ url, ca, pem: client })).status, 401)
})

test('where certificates are asked for, nobody comes as far as a request without one', async () => {
  using certificates = makeCertificates()
  await using server = await httpTestServer({}, { listen: listen(certificates, true) })
  await server.addUser('ada')
  const { url } = server
  const { ca, client, forged } = certificates
  await assert.rejects(ask({ url, ca }))
  await assert.rejects(ask({ url, ca, pem: forged }))
  assert.equal((await ask({ url, ca, pem: client })).status, 200)
})

test('the cookie of a session over TLS is for this host and for TLS alone', async () => {
  using certificates = makeCertificates()
  await using server = await httpTestServer({}, { listen: listen(certificates) })
  const login = { user: 'admin', password: server.adminPassword }
  const { status, cookie } = await ask({ url: server.url, ca: certificates.ca, login })
  assert.equal(status, 204)
  assert.match(cookie, /^__Host-homing=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Secure$/)
})

test('a renewed certificate is shown to whoever connects next', async () => {
  using first = makeCertificates()
  using second = makeCertificates()
  const http = (certificates: Certificates, port: number): HttpSettings => ({
    listen: [{ host: '127.0.0.1', port, tls: certificates.server }],
  })
  await using server = await httpTestServer({}, http(first, 0))
  const port = server.server.httpListening[0]?.port ?? 0
  const shown = async (): Promise<string> => {
    const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false })
    await once(socket, 'secureConnect')
    const { fingerprint256 } = socket.getPeerCertificate()
    socket.destroy()
    return fingerprint256
  }
  const before = await shown()
  const listening = [{ host: '127.0.0.1', port: 0 }]
  const { changed } = await server.server.reload({ listen: listening, http: http(second, 0) })
  assert.deepEqual(changed, ['tls'])
  assert.notEqual(await shown(), before)
  const broken = { ...first, server: { ...first.server, key: second.server.key } }
  await assert.rejects(server.server.reload({ listen: listening, http: http(broken, 0) }), {
    code: 'bad-certificate',
  })
  assert.notEqual(await shown(), before)
})
