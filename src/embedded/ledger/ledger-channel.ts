import { Worker } from 'node:worker_threads'
import type { LedgerReply, LedgerRequest } from './ledger-request.ts'

interface Waiting {
  readonly resolve: (reply: LedgerReply) => void
  readonly reject: (error: unknown) => void
}

/**
 * The line to the ledger's worker thread, which is started by the first request. One request at a
 * time; a worker that dies rejects the one under way, and every later one.
 */
export class LedgerChannel {
  readonly #path: string
  #worker: Worker | undefined
  #waiting: Waiting | undefined
  #death: Error | undefined
  #holds = 0

  constructor(path: string) {
    this.#path = path
  }

  get isStarted(): boolean {
    return this.#worker !== undefined
  }

  ask(request: LedgerRequest): Promise<LedgerReply> {
    return new Promise((resolve, reject) => {
      if (this.#death !== undefined) {
        reject(this.#death)
        return
      }
      this.#waiting = { resolve, reject }
      this.#worker ??= this.#start()
      this.#worker.postMessage(request, request.kind === 'apply' ? [request.events] : [])
    })
  }

  /** While held, the worker keeps the process alive: somebody awaits it. */
  hold(): void {
    this.#holds++
    this.#worker?.ref()
  }

  release(): void {
    this.#holds--
    if (this.#holds === 0) this.#worker?.unref()
  }

  /** Ends the worker; a transaction under way is rolled back. */
  async terminate(): Promise<void> {
    this.#death ??= new Error('it was ended')
    await this.#worker?.terminate()
  }

  #start(): Worker {
    // Unbuilt this file is .ts and so is the worker's; built, both are .js.
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
    const worker = new Worker(new URL(`./ledger-worker.${extension}`, import.meta.url), {
      name: 'homing ledger',
      workerData: { path: this.#path },
      // Options of the main thread, such as --input-type or --test, must not reach it.
      execArgv: ['--disable-warning=ExperimentalWarning'],
    })
    worker.on('message', (reply: LedgerReply) => {
      const waiting = this.#waiting
      this.#waiting = undefined
      waiting?.resolve(reply)
    })
    worker.on('error', (error) => this.#died(error))
    worker.on('exit', (code) => this.#died(new Error(`it exited with code ${code}`)))
    if (this.#holds === 0) worker.unref()
    return worker
  }

  #died(error: unknown): void {
    this.#death ??= error instanceof Error ? error : new Error(String(error))
    this.#waiting?.reject(this.#death)
    this.#waiting = undefined
  }
}
