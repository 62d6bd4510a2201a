import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../../clock.ts'
import type { KeyRing } from '../../keys/key-ring.ts'
import { type Answer, formed, responseAlgorithm } from '../../oauth/authorization/response.ts'
import type { Client } from '../../oauth/client.ts'
import { formPostPage } from '../../pages/form-post.tsx'
import type { Presenter } from './presentation.ts'

/** Sends the browser back to the client. Whether what it carries is signed (JARM) is settled here alone. */
export type Deliver = (
  request: FastifyRequest,
  reply: FastifyReply,
  answer: Answer,
  client: Client,
) => Promise<FastifyReply>

export const createDelivery =
  (deps: { readonly presenter: Presenter; readonly keys: Pick<KeyRing, 'signer'>; readonly clock: Clock }): Deliver =>
  async (request, reply, answer, client) => {
    const { presenter, keys, clock } = deps
    const algorithm = responseAlgorithm(client)
    const response = await formed(answer, (claims) => keys.signer(algorithm).sign('JWT', claims), clock.now())
    // R14: 303, so that no browser sends a password on; R15: the address must not travel further.
    reply.header('cache-control', 'no-store').header('referrer-policy', 'no-referrer')
    if (response.mode === 'query') return reply.redirect(response.location, 303)
    const { action, fields } = response
    return presenter.send(request, reply, (presentation) =>
      formPostPage({ app: client.client_name, redirectUri: action, parameters: Object.entries(fields) }, presentation),
    )
  }
