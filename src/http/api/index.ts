import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Administration } from '../../administration/index.ts'
import type { Clock } from '../../clock.ts'
import type { TokenDependencies } from '../../oauth/introspection.ts'
import type { HolderCheck } from '../oauth/shown-token.ts'
import { type Caller, createBearer } from './bearer.ts'
import { lists } from './lists.ts'
import { logouts } from './logouts.ts'
import { openapi } from './openapi.ts'
import { revocations } from './revocations.ts'

export type ApiOptions = {
  readonly issuer: string
  readonly administration: Administration
  readonly tokens: Omit<TokenDependencies, 'now'>
  readonly holderCheck: HolderCheck
  readonly clock: Clock
}

const base = '/api/v1'

/** For administrators' programs: JSON in and out, a bearer token and no cookie, so that no site can forge a request. */
export const api = async (app: FastifyInstance, options: ApiOptions): Promise<void> => {
  const { issuer, administration, clock } = options
  const bearer = createBearer(options)
  const endpoints = [
    ...lists(administration, clock),
    ...logouts(administration, clock),
    revocations(administration, clock),
  ]
  const document = Buffer.from(JSON.stringify(openapi(issuer, endpoints)))

  // O8: JSON alone.
  app.removeContentTypeParser('text/plain')
  app.addHook('onRequest', async (_request, reply) => {
    reply.header('cache-control', 'no-store').header('x-content-type-options', 'nosniff')
  })
  app.get(`${base}/openapi.json`, async (_request, reply) => reply.type('application/json').send(document))

  const callers = new WeakMap<FastifyRequest, Caller>()
  for (const { method, path, answer } of endpoints) {
    app.route({
      method,
      url: base + path.replaceAll(/\{(\w+)\}/g, ':$1'),
      // Before the body is read: nobody unknown makes this server read one.
      onRequest: async (request, reply) => {
        callers.set(request, await bearer.admit(request, reply))
      },
      handler: async (request, reply) => {
        const caller = callers.get(request)
        if (!caller) throw new Error('nobody was let in')
        const answered = await answer(request, caller.by, () => bearer.demandRecentLogin(caller, request, reply))
        return reply.type('application/json').send(JSON.stringify(answered))
      },
    })
  }
}
