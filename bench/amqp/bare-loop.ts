/*
 * What the machine can do at most: a broker that is nothing but its loop. It parses publishes, keeps
 * messages in memory, writes a log with group commit, delivers, confirms and forgets what is
 * acknowledged. One queue name to one consumer by the default exchange, one channel a connection. No
 * rights, no exchanges, no properties, no limits, no recovery, and no mercy on a client that errs.
 *
 *   read ─▶ frames ─┬─▶ log ── write ── fdatasync ──▶ one confirm for all of the batch
 *                   └─▶ deliver (at once when the consumer has room, otherwise it waits in memory)
 *
 * Header and body frames go out as the bytes they came in: both ends use channel 1.
 */

import { Buffer } from 'node:buffer'
import { open } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { BareCommit } from './bare-commit.ts'
import {
  frameOverhead,
  longString,
  method,
  methodIds,
  shortString,
  table,
  u16,
  u32,
} from './octets.ts'

interface BareQueue {
  waiting: Buffer[]
  consumer: BareConnection | undefined
}

const persistentBit = 0x1000
const outBytes = 256 * 1024
const frameMax = 131_072

export async function startBareLoop(port: number, logFile: string): Promise<void> {
  const commit = new BareCommit(await open(logFile, 'wx'))
  const queues = new Map<string, BareQueue>()
  const server = createServer({ noDelay: true }, (socket) => {
    new BareConnection(socket, queues, commit)
  })
  server.listen(port, '127.0.0.1')
}

class BareConnection {
  readonly #socket: Socket
  readonly #queues: Map<string, BareQueue>
  readonly #commit: BareCommit
  #held: Buffer = Buffer.alloc(0)
  #greeted = false
  #out: Buffer = Buffer.allocUnsafeSlow(outBytes)
  #length = 0
  readonly #spare: Buffer[] = []
  /** The deliver method of the one consumer here, with room for the tag. */
  #deliver: Buffer = Buffer.alloc(0)
  #tagAt = 0
  #tag = 0
  #noAck = true
  /** Delivered and not acknowledged, oldest first. */
  #unacknowledged: Buffer[] = []
  #acknowledged = 0
  #prefetch = 0
  #consumes: BareQueue | undefined
  #confirms = false
  #published = 0
  /** The publish that is being read: where it goes, and where its header frame is. */
  #target: BareQueue | undefined
  #headerAt = 0
  /** Bytes of the routing key last seen, and its queue. */
  #lastKey: Buffer = Buffer.alloc(0)
  #lastQueue: BareQueue | undefined

  constructor(socket: Socket, queues: Map<string, BareQueue>, commit: BareCommit) {
    this.#socket = socket
    this.#queues = queues
    this.#commit = commit
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
    socket.on('error', () => undefined)
  }

  /** Messages of this connection up to that number are safe. */
  confirm(count: number): void {
    this.#write(ackFrame(count))
    this.flush()
  }

  flush(): void {
    if (this.#length === 0) return
    const bytes = this.#out
    this.#socket.write(bytes.subarray(0, this.#length), () => this.#spare.push(bytes))
    this.#out = this.#spare.pop() ?? Buffer.allocUnsafeSlow(outBytes)
    this.#length = 0
  }

  /** False when it has all that it may hold. */
  deliver(from: Buffer, start: number, end: number): boolean {
    if (!this.#noAck && this.#unacknowledged.length >= this.#prefetch) return false
    const bytes = this.#deliver.length + end - start
    if (this.#length + bytes > outBytes) this.flush()
    const out = this.#out
    const tag = ++this.#tag
    out.set(this.#deliver, this.#length)
    writeU32(out, this.#length + this.#tagAt, Math.floor(tag / 2 ** 32))
    writeU32(out, this.#length + this.#tagAt + 4, tag >>> 0)
    from.copy(out, this.#length + this.#deliver.length, start, end)
    this.#length += bytes
    if (!this.#noAck) this.#unacknowledged.push(from.subarray(start, end))
    return true
  }

  #write(frame: Buffer): void {
    if (this.#length + frame.length > outBytes) this.flush()
    frame.copy(this.#out, this.#length)
    this.#length += frame.length
  }

  #read(chunk: Buffer): void {
    let bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
    if (!this.#greeted) {
      this.#greeted = true
      bytes = bytes.subarray(8)
      this.#write(start)
    }
    let at = 0
    /** What is behind this is kept whole for the next read: a publish is handled when all of it is here. */
    let done = 0
    while (bytes.length - at >= frameOverhead) {
      const next = at + frameOverhead + readU32(bytes, at + 3)
      if (next > bytes.length) break
      const type = bytes[at]
      if (type === 1) {
        if (!this.#method(bytes, at)) done = next
      } else if (type === 2) {
        this.#headerAt = at
      } else {
        this.#publish(bytes, this.#headerAt, next)
        done = next
      }
      at = next
    }
    this.#held = bytes.subarray(done)
    this.flush()
    this.#consumerOf?.flush()
  }

  get #consumerOf(): BareConnection | undefined {
    return this.#target?.consumer
  }

  /** True when content follows. */
  #method(bytes: Buffer, at: number): boolean {
    const id = readU32(bytes, at + 7)
    if (id === methodIds.publish) {
      this.#target = this.#queueOf(bytes, at + 14)
      return true
    }
    if (id === methodIds.ack) this.#acknowledge(bytes, at + 11)
    else this.#answer(id, bytes, at)
    return false
  }

  /** The exchange is the default one, so its name is empty; the routing key comes behind it. */
  #queueOf(bytes: Buffer, at: number): BareQueue {
    const length = bytes[at] as number
    const key = this.#lastKey
    if (this.#lastQueue !== undefined && key.length === length) {
      let same = 0
      while (same < length && bytes[at + 1 + same] === key[same]) same++
      if (same === length) return this.#lastQueue
    }
    this.#lastKey = Buffer.from(bytes.subarray(at + 1, at + 1 + length))
    this.#lastQueue = this.#queue(this.#lastKey.toString())
    return this.#lastQueue
  }

  #queue(name: string): BareQueue {
    const known = this.#queues.get(name)
    if (known !== undefined) return known
    const queue: BareQueue = { waiting: [], consumer: undefined }
    this.#queues.set(name, queue)
    return queue
  }

  #publish(bytes: Buffer, headerAt: number, end: number): void {
    const queue = this.#target as BareQueue
    const number = ++this.#published
    const flags = ((bytes[headerAt + 19] as number) << 8) | (bytes[headerAt + 20] as number)
    const persistent = (flags & persistentBit) !== 0 && bytes[headerAt + 21] === 2
    if (persistent) {
      this.#commit.append(bytes, headerAt, end)
      if (this.#confirms) this.#commit.whenSynced(this, number)
    } else if (this.#confirms) this.confirm(number)
    if (queue.waiting.length === 0 && queue.consumer?.deliver(bytes, headerAt, end)) return
    queue.waiting.push(Buffer.from(bytes.subarray(headerAt, end)))
  }

  #acknowledge(bytes: Buffer, at: number): void {
    const tag = readU32(bytes, at) * 2 ** 32 + readU32(bytes, at + 4)
    this.#unacknowledged.splice(0, tag - this.#acknowledged)
    this.#acknowledged = tag
    // The log has to know, too: eight bytes, synced whenever.
    this.#commit.append(bytes, at, at + 8)
    this.#deliverWaiting()
  }

  #deliverWaiting(): void {
    const queue = this.#consumes
    if (queue === undefined || queue.waiting.length === 0) return
    let count = 0
    for (const message of queue.waiting) {
      if (!this.deliver(message, 0, message.length)) break
      count++
    }
    queue.waiting.splice(0, count)
  }

  #answer(id: number, bytes: Buffer, at: number): void {
    if (id === methodIds.consume) this.#consume(bytes, at)
    else this.#write(this.#answerTo(id, bytes, at))
  }

  #answerTo(id: number, bytes: Buffer, at: number): Buffer {
    switch (id) {
      case methodIds.startOk:
        return method(0, methodIds.tune, u16(0), u32(frameMax), u16(0))
      case methodIds.open:
        return method(0, methodIds.openOk, shortString(''))
      case methodIds.close:
        return method(0, methodIds.closeOk)
      case methodIds.channelOpen:
        return method(1, methodIds.channelOpenOk, longString(''))
      case methodIds.queueDeclare: {
        const words = [shortString(nameAt(bytes, at + 13)), u32(0), u32(0)]
        return method(1, methodIds.queueDeclareOk, ...words)
      }
      case methodIds.queueDelete:
        this.#queues.delete(nameAt(bytes, at + 13))
        return method(1, methodIds.queueDeleteOk, u32(0))
      case methodIds.qos:
        this.#prefetch = bytes.readUInt16BE(at + 15) || Number.POSITIVE_INFINITY
        return method(1, methodIds.qosOk)
      case methodIds.confirmSelect:
        this.#confirms = true
        return method(1, methodIds.confirmSelectOk)
      default:
        return Buffer.alloc(0)
    }
  }

  #consume(bytes: Buffer, at: number): void {
    const name = nameAt(bytes, at + 13)
    const bits = bytes[at + 14 + name.length + 1] as number
    this.#noAck = (bits & 2) !== 0
    const words = [shortString('bare'), Buffer.alloc(8), Buffer.of(0), shortString('')]
    this.#deliver = method(1, methodIds.deliver, ...words, shortString(name))
    this.#tagAt = 7 + 4 + 5
    this.#consumes = this.#queue(name)
    this.#consumes.consumer = this
    this.#write(method(1, methodIds.consumeOk, shortString('bare')))
    this.#deliverWaiting()
  }
}

const start = method(
  0,
  ...([methodIds.start, Buffer.of(0, 9), table({ product: 'bare loop' })] as const),
  ...[longString('PLAIN'), longString('en_US')],
)

const ackFrame = (tag: number): Buffer => {
  const frame = Buffer.from(ackTemplate)
  frame.writeBigUInt64BE(BigInt(tag), 11)
  return frame
}
const ackTemplate = method(1, methodIds.ack, Buffer.alloc(8), Buffer.of(1))

const nameAt = (bytes: Buffer, at: number): string =>
  bytes.toString('latin1', at + 1, at + 1 + (bytes[at] as number))

const readU32 = (bytes: Buffer, at: number): number =>
  (((bytes[at] as number) << 24) |
    ((bytes[at + 1] as number) << 16) |
    ((bytes[at + 2] as number) << 8) |
    (bytes[at + 3] as number)) >>>
  0

function writeU32(bytes: Buffer, at: number, value: number): void {
  bytes[at] = value >>> 24
  bytes[at + 1] = value >>> 16
  bytes[at + 2] = value >>> 8
  bytes[at + 3] = value
}
