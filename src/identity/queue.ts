/** There is more work waiting than will be done in time: 503 with Retry-After. */
export class Busy extends Error {
  override readonly name = 'Busy'
  readonly retryAfterSeconds: number

  constructor(retryAfterSeconds: number, what = 'too many passwords are being verified') {
    super(what)
    this.retryAfterSeconds = retryAfterSeconds
  }
}

/** Runs so many tasks at once, lets so many wait in order, and refuses the rest. */
export type Queue = { run<T>(task: () => Promise<T>): Promise<T> }

export const createQueue = (limits: { readonly concurrency: number; readonly waiting: number }): Queue => {
  const waiting: (() => void)[] = []
  let running = 0

  return {
    async run(task) {
      if (running < limits.concurrency) running += 1
      else if (waiting.length >= limits.waiting) throw new Busy(2)
      // Whoever ends hands the place over, so that nobody who comes later can slip in between.
      else await new Promise<void>((resolve) => waiting.push(resolve))
      try {
        return await task()
      } finally {
        const next = waiting.shift()
        if (next) next()
        else running -= 1
      }
    },
  }
}
