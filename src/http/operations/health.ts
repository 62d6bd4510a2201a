import type { FastifyInstance } from 'fastify'
import type { Readiness } from './stop.ts'

/** @property passes false or a rejection: this replica must get no requests; nothing of the reason is published */
export type HealthCheck = { readonly name: string; readonly passes: () => Promise<boolean> }

/** Lifetimes are compared on both sides: further apart than this, tokens are born expired. */
export const clocksAgree = (ours: Date, databases: Date): boolean =>
  Math.abs(ours.getTime() - databases.getTime()) <= 2000

const within = async (milliseconds: number, work: Promise<boolean>): Promise<boolean> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('the check took too long')), milliseconds)
  })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}

/**
 * `/health/live`: the process answers. `/health/ready`: it may be sent requests.
 *
 * @param timeout milliseconds for each check
 */
export const health = async (
  app: FastifyInstance,
  { checks, readiness, timeout = 2000 }: { checks: readonly HealthCheck[]; readiness: Readiness; timeout?: number },
): Promise<void> => {
  app.addHook('onSend', async (_request, reply) => {
    reply.header('cache-control', 'no-store')
  })

  const run = async ({ name, passes }: HealthCheck): Promise<readonly [string, boolean]> => {
    try {
      return [name, await within(timeout, passes())]
    } catch (error) {
      app.log.warn({ check: name, err: error }, 'not ready')
      return [name, false]
    }
  }

  // Probes that arrive while one is answered share its answer: anybody may ask, and the database must not notice.
  let running: Promise<readonly (readonly [string, boolean])[]> | undefined
  const runAll = () => {
    running ??= Promise.all(checks.map(run)).finally(() => {
      running = undefined
    })
    return running
  }

  app.get('/health/live', async () => ({ status: 'live' }))

  app.get('/health/ready', async (_request, reply) => {
    if (readiness.stopping()) return reply.code(503).send({ status: 'stopping', checks: {} })
    const results = await runAll()
    const ready = results.every(([, passed]) => passed)
    return reply.code(ready ? 200 : 503).send({
      status: ready ? 'ready' : 'not ready',
      checks: Object.fromEntries(results.map(([name, passed]) => [name, passed ? 'ok' : 'failed'])),
    })
  })
}
