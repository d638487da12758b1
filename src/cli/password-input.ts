/*
 * A password given to the command: never in its arguments, which every user of the machine can see.
 *
 *   HOMING_PASSWORD_FILE=PATH ─▶ the file's first line
 *   a terminal ────────────────▶ asked for twice, nothing shown
 *   anything else ─────────────▶ the first line of standard input
 */

import { Buffer } from 'node:buffer'
import { readFileSync } from 'node:fs'
import process from 'node:process'
import { Refusal } from './refusal.ts'
import type { Terminal } from './terminal.ts'

const bytesMax = 4_096

/** Fails with `usage` when there is none. */
export async function passwordInput(terminal: Terminal, user: string): Promise<Uint8Array> {
  const path = process.env.HOMING_PASSWORD_FILE
  if (path !== undefined && path !== '') return firstLine(fileBytes(path), path)
  if (process.stdin.isTTY) return typedTwice(terminal, user)
  return firstLine(await inputBytes(), 'standard input')
}

function fileBytes(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    throw new Refusal('notFound', `the password file cannot be read: ${(error as Error).message}`)
  }
}

async function inputBytes(): Promise<Buffer> {
  const pieces: Buffer[] = []
  let count = 0
  for await (const piece of process.stdin as AsyncIterable<Buffer>) {
    pieces.push(piece)
    count += piece.length
    if (count > bytesMax) break
  }
  return Buffer.concat(pieces)
}

function firstLine(bytes: Buffer, from: string): Uint8Array {
  const end = bytes.indexOf(0x0a)
  const line = end < 0 ? bytes : bytes.subarray(0, end)
  const password = line.at(-1) === 0x0d ? line.subarray(0, -1) : line
  if (password.length > 0) return password
  throw new Refusal('usage', `${from} holds no password; write it on the first line`)
}

async function typedTwice(terminal: Terminal, user: string): Promise<Uint8Array> {
  const first = await typed(terminal, `new password of ${user}: `)
  const second = await typed(terminal, 'once more: ')
  if (first !== second) throw new Refusal('usage', 'the two differ; nothing was changed')
  if (first === '') throw new Refusal('usage', 'no password was given; nothing was changed')
  return Buffer.from(first, 'utf8')
}

/** A line from the terminal that is not shown there. */
function typed(terminal: Terminal, question: string): Promise<string> {
  const { stdin } = process
  terminal.stderr(question)
  return new Promise((resolve, reject) => {
    let text = ''
    const end = (settle: () => void): void => {
      stdin.off('data', take)
      stdin.setRawMode(false)
      stdin.pause()
      terminal.stderr('\n')
      settle()
    }
    const take = (piece: string): void => {
      for (const character of piece) {
        const given = character === '\r' || character === '\n'
        if (given || character === '\u0003' || character === '\u0004') {
          end(
            given
              ? () => resolve(text)
              : () => reject(new Refusal('interrupted', 'nothing was changed')),
          )
          break
        }
        text = character === '\u007f' || character === '\b' ? shortened(text) : text + character
      }
    }
    stdin.setRawMode(true)
    stdin.setEncoding('utf8')
    stdin.on('data', take)
    stdin.resume()
  })
}

const shortened = (text: string): string => [...text].slice(0, -1).join('')
