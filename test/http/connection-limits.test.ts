/*
 * Caps on connections, as HTTP keeps them: the settings are those of AMQP, the counts are its own.
 */

import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import net from 'node:net'
import { test } from 'node:test'
import { SocketClient } from '../amqp/server/socket-client.ts'
import { type HttpTestServer, httpTestServer } from './http-server.ts'

interface Visitor extends Disposable {
  /** The status of a request by this connection; undefined when the server has closed it. */
  ask(path: string, login?: string): Promise<number | undefined>
  leave(): Promise<void>
}

/** One connection that stays open. */
function visit(server: HttpTestServer): Visitor {
  const { hostname, port } = new URL(server.url)
  const socket = net.connect(Number(port), hostname)
  socket.on('error', () => undefined)
  const closed = new Promise<undefined>((resolve) => {
    socket.once('close', () => resolve(undefined))
  })
  return {
    ask(path, login) {
      const basic = Buffer.from(login ?? '').toString('base64')
      const authorization = login === undefined ? '' : `Authorization: Basic ${basic}\r\n`
      socket.write(`GET ${path} HTTP/1.1\r\nHost: ${hostname}:${port}\r\n${authorization}\r\n`)
      const answered = new Promise<number>((resolve) => {
        socket.once('data', (head) => resolve(Number(String(head).split(' ')[1])))
      })
      return Promise.race([answered, closed])
    },
    async leave() {
      socket.end()
      await closed
    },
    [Symbol.dispose]: () => socket.destroy(),
  }
}

const turnedAway = ({ logLines }: HttpTestServer): readonly string[] =>
  logLines.flatMap((line) => /HTTP: turned away: (.*?)(?: peer=.*)?$/m.exec(line)?.[1] ?? [])

test('HTTP takes as many connections as are set, besides those of AMQP, and no more', async () => {
  await using server = await httpTestServer({ limits: { connectionsMax: 2 } })
  const amqp = [await SocketClient.open(server), await SocketClient.open(server)]
  using first = visit(server)
  using second = visit(server)
  assert.deepEqual([await first.ask('/healthz'), await second.ask('/healthz')], [200, 200])
  using third = visit(server)
  assert.equal(await third.ask('/healthz'), undefined)
  assert.match(turnedAway(server).join(), /there are 2 connections/)
  await first.leave()
  using fourth = visit(server)
  assert.equal(await fourth.ask('/healthz'), 200)
  assert.equal(await second.ask('/healthz'), 200)
  for (const client of amqp) await client.end()
})

test('connections by which nobody has logged in are capped apart, by address', async () => {
  await using server = await httpTestServer({ limits: { handshakesPerAddressMax: 1 } })
  using first = visit(server)
  assert.equal(await first.ask('/healthz'), 200)
  using second = visit(server)
  assert.equal(await second.ask('/healthz'), undefined)
  assert.match(turnedAway(server).join(), /1 connections from this address have not logged in yet/)
  assert.equal(await first.ask('/api/session', `admin:${server.adminPassword}`), 200)
  using third = visit(server)
  assert.equal(await third.ask('/healthz'), 200)
})

test('a reload changes the caps of HTTP for those who come from then on', async () => {
  await using server = await httpTestServer()
  const settings = { guest: true, http: { listen: [{ host: '127.0.0.1', port: 0 }] } }
  const reload = (connectionsPerAddressMax: number) =>
    server.server.reload({ ...settings, limits: { connectionsPerAddressMax } })
  using first = visit(server)
  using second = visit(server)
  assert.deepEqual([await first.ask('/healthz'), await second.ask('/healthz')], [200, 200])
  const { changed } = await reload(1)
  assert.ok(changed.includes('limits'))
  using third = visit(server)
  assert.equal(await third.ask('/healthz'), undefined)
  assert.match(turnedAway(server).join(), /there are 1 connections from this address/)
  assert.deepEqual([await first.ask('/healthz'), await second.ask('/healthz')], [200, 200])
  await reload(3)
  using fourth = visit(server)
  assert.equal(await fourth.ask('/healthz'), 200)
})
