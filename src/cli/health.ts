/*
 * `homing health`: whether the server that this configuration starts answers, for supervisors and
 * containers.
 *
 *   a protocol header out ─▶ connection.start back in time ─▶ 0       anything else ─▶ 1
 *
 * It needs no login, and the server keeps nothing of it.
 */

import { Buffer } from 'node:buffer'
import net from 'node:net'
import process from 'node:process'
import tls from 'node:tls'
import type { Command } from 'commander'
import { readConfig, type SettingValues } from '../server.ts'
import { type Define, examples, type Invocation, jsonOption } from './command.ts'
import { flagsGiven, settingFlags } from './serve-flags.ts'

const help = examples([
  ['homing health', 'the server of this configuration'],
  ['homing health --amqp-port 5673 || systemctl restart homing', 'another port'],
])

/** AMQP 0-9-1 §4.2.2. */
const protocolHeader = Buffer.from('AMQP\0\0\x09\x01', 'latin1')
/** connection.start: class 10, method 10, in a frame of channel 0. */
const startMethod = Buffer.from([0, 10, 0, 10])
const frameHeadBytes = 7
const answerMsMax = 3_000

export const defineHealth: Define = (command, invocation) => {
  settingFlags(command.addOption(jsonOption()))
    .addHelpText('after', help)
    .action(() => health(invocation, command))
}

async function health(invocation: Invocation, command: Command): Promise<void> {
  const { values } = await readConfig({
    file: command.getOptionValue('config') as string | undefined,
    environment: process.env,
    flags: flagsGiven(command),
  })
  const { terminal } = invocation
  const address = addressOf(values)
  const fault = await answerOf(address)
  const where = `${address.host}:${address.port}`
  if (fault !== undefined) invocation.exit = 'failed'
  if (terminal.json) {
    return terminal.line(JSON.stringify({ ok: fault === undefined, where, why: fault }))
  }
  if (fault === undefined) return terminal.line(`ok: ${where} answers`)
  terminal.error(`${where} does not answer: ${fault}`)
}

interface Address {
  readonly host: string
  readonly port: number
  readonly tls: boolean
}

function addressOf(values: SettingValues): Address {
  const { bind, 'amqp.enabled': isPlain } = values
  const host = bind === '0.0.0.0' ? '127.0.0.1' : bind === '::' ? '::1' : bind
  const port = isPlain ? values['amqp.port'] : (values['amqp.tls_port'] ?? 0)
  return { host, port, tls: !isPlain }
}

/** Undefined when it answers as it should, otherwise why not. */
function answerOf({ host, port, tls: isSecured }: Address): Promise<string | undefined> {
  // Whether the certificate is for this name is no matter here: nothing secret is sent.
  const socket = isSecured
    ? tls.connect({ host, port, rejectUnauthorized: false })
    : net.connect({ host, port })
  return new Promise((resolve) => {
    const done = (fault?: string): void => {
      clearTimeout(patience)
      socket.destroy()
      resolve(fault)
    }
    const patience = setTimeout(() => done(`nothing came in ${answerMsMax / 1_000} s`), answerMsMax)
    let heard = Buffer.alloc(0)
    socket.once(isSecured ? 'secureConnect' : 'connect', () => socket.write(protocolHeader))
    socket.on('error', (error) => done(error.message))
    socket.on('close', () => done('it closed the connection'))
    socket.on('data', (piece: Buffer) => {
      heard = Buffer.concat([heard, piece])
      if (heard.length < frameHeadBytes + startMethod.length) return
      const method = heard.subarray(frameHeadBytes, frameHeadBytes + startMethod.length)
      done(method.equals(startMethod) ? undefined : 'what listens there speaks something else')
    })
  })
}
