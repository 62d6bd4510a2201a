import type { IncomingMessage } from 'node:http'
import type { Server, Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import closeWithGrace from 'close-with-grace'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'

/** Whether load balancers should still send requests here. */
export type Readiness = { stopping(): boolean; stop(): void }

export const createReadiness = (): Readiness => {
  let stopping = false
  return {
    stopping: () => stopping,
    stop: () => {
      stopping = true
    },
  }
}

/**
 * While stopping, each answer is its connection's last: a connection that becomes idle after the listener was closed
 * would otherwise hold the process for its whole keep-alive. One that never asked anything is not idle to Node, and its
 * time is not watched any more once the listener is closed: it is ended by us. Called on the root, before any route.
 */
export const endConnections = (app: FastifyInstance, readiness: Readiness): void => {
  const endSilent = watchSilent(app.server, { isTls: Boolean(app.initialConfig.https) })
  app.addHook('preClose', async () => endSilent())
  app.addHook('onSend', (_request, reply, payload, done) => {
    if (readiness.stopping()) reply.header('connection', 'close')
    done(null, payload)
  })
}

/** @returns ends the connections on which nothing was ever asked */
export const watchSilent = (server: Server, { isTls }: { readonly isTls: boolean }): (() => void) => {
  const silent = new Set<Socket>()
  // With TLS a request's socket is the one inside.
  server.on(isTls ? 'secureConnection' : 'connection', (socket: Socket) => {
    silent.add(socket)
    socket.once('close', () => silent.delete(socket))
  })
  server.on('request', ({ socket }: IncomingMessage) => silent.delete(socket))
  return () => {
    for (const socket of silent) socket.destroy()
  }
}

/** What is closed, in this order: the application first, then what it stands on. */
export type Closing = { close(): PromiseLike<unknown> }

/**
 * Readiness goes first, so that load balancers look elsewhere before a connection is refused; then requests in flight
 * finish, idle connections are closed, and the rest is closed in order.
 *
 * @param drain milliseconds between the two
 */
export const stopInOrder = async ({
  readiness,
  drain,
  closing,
}: {
  readiness: Readiness
  drain: number
  closing: readonly Closing[]
}): Promise<void> => {
  readiness.stop()
  if (drain > 0) await sleep(drain)
  for (const part of closing) await part.close()
}

/**
 * Stops the process on SIGTERM, SIGINT and the like with exit code 0, and on an unhandled error with 1.
 *
 * @param delay milliseconds for all of it; whatever is not finished then is cut off, with exit code 1
 */
export const stopOnSignal = ({
  log,
  delay = 25_000,
  ...order
}: {
  log: FastifyBaseLogger
  delay?: number
  readiness: Readiness
  drain: number
  closing: readonly Closing[]
}): ReturnType<typeof closeWithGrace> =>
  closeWithGrace(
    {
      delay,
      logger: false,
      onTimeout: () => log.error({ event: 'stop_timed_out' }, 'stopped before all was finished'),
    },
    async ({ signal, err }) => {
      if (err) log.error({ err }, 'an error that nobody handled')
      log.info({ event: 'stopping', ...(signal ? { signal } : {}) }, 'stopping')
      await stopInOrder(order)
      log.info({ event: 'stopped' }, 'stopped')
    },
  )
