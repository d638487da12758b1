import { Worker } from 'node:worker_threads'

interface Waiting<Reply> {
  readonly resolve: (reply: Reply) => void
  readonly reject: (error: unknown) => void
}

/**
 * The line to a ledger's worker thread, which is started by the first request. One request at a
 * time; a worker that dies rejects the one under way, and every later one.
 */
export class WorkerChannel<Request, Reply> {
  readonly #file: URL
  readonly #data: unknown
  #worker: Worker | undefined
  #waiting: Waiting<Reply> | undefined
  #death: Error | undefined
  #holds = 0

  /** The worker's file, and what it finds in `workerData`. */
  constructor(file: URL, data: unknown) {
    this.#file = file
    this.#data = data
  }

  get isStarted(): boolean {
    return this.#worker !== undefined
  }

  ask(request: Request, transferred: readonly ArrayBuffer[] = []): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (this.#death !== undefined) {
        reject(this.#death)
        return
      }
      this.#waiting = { resolve, reject }
      this.#worker ??= this.#start()
      this.#worker.postMessage(request, transferred)
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
    const worker = new Worker(this.#file, {
      name: 'homing ledger',
      workerData: this.#data,
      // Options of the main thread, such as --input-type or --test, must not reach it.
      execArgv: ['--disable-warning=ExperimentalWarning'],
    })
    worker.on('message', (reply: Reply) => {
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
