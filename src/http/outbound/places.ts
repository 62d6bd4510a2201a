import { Busy } from './refused.ts'

type Bound = { readonly underWay: number; readonly waiting: number }
type Waiting = { readonly host: string; readonly enter: () => void }

/**
 * So many at once, so many waiting in order, no more: in all, and for one host, so that one that hangs cannot keep the
 * others out.
 */
export const createPlaces = (most: { readonly all: Bound; readonly host: Bound }) => {
  const underWay = new Map<string, number>()
  let all = 0
  let queue: readonly Waiting[] = []

  const isFree = (host: string): boolean => all < most.all.underWay && (underWay.get(host) ?? 0) < most.host.underWay
  const enter = (host: string): void => {
    all += 1
    underWay.set(host, (underWay.get(host) ?? 0) + 1)
  }

  const leaver = (host: string) => () => {
    all -= 1
    const left = (underWay.get(host) ?? 0) - 1
    if (left > 0) underWay.set(host, left)
    else underWay.delete(host)
    const next = queue.find((waiting) => isFree(waiting.host))
    next?.enter()
  }

  return {
    /**
     * @returns what must be called when all is over
     * @throws Busy when too many wait already, or the signal came first
     */
    async take(host: string, signal: AbortSignal): Promise<() => void> {
      if (isFree(host)) {
        enter(host)
        return leaver(host)
      }
      const ofHost = queue.filter((waiting) => waiting.host === host).length
      if (queue.length >= most.all.waiting || ofHost >= most.host.waiting)
        throw new Busy('too many requests are under way')
      await new Promise<void>((resolve, reject) => {
        const remove = () => {
          queue = queue.filter((other) => other !== waiting)
        }
        const waiting: Waiting = {
          host,
          enter: () => {
            remove()
            // Whoever leaves hands the place over, so that nobody who comes later can slip in between.
            enter(host)
            resolve()
          },
        }
        queue = [...queue, waiting]
        signal.addEventListener('abort', () => {
          remove()
          reject(new Busy('too many requests are under way'))
        })
      })
      return leaver(host)
    },
  }
}
