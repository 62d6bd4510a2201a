import type { FastifyInstance, FastifyReply } from 'fastify'
import { invalidRequest } from '../../oauth/errors.ts'
import { paths } from '../../oauth/metadata.ts'
import { type Parameters, parseParameters } from '../../oauth/parameters.ts'
import type { RevocationFeed } from '../../oauth/revocations/feed.ts'
import type { Position } from '../../oauth/revocations/list.ts'
import { queryParameters } from '../form-body.ts'
import { holds } from '../if-none-match.ts'
import { allowAnyOrigin, preflight } from './cors.ts'

/** docs/revocation-feed.md: what was revoked, for whoever verifies access tokens. Everybody may read it. */
export const revocations = async (app: FastifyInstance, { feed }: { readonly feed: RevocationFeed }): Promise<void> => {
  app.get(paths.revocations, async (request, reply) => {
    openToAll(reply)
    const { body, etag } = await feed.list(positionOf(parseParameters(queryParameters(request))))
    // A copy may be kept, and never be used without having asked: it would hide what was revoked since.
    reply.header('cache-control', 'public, no-cache').header('etag', etag)
    if (holds(request, etag)) return reply.code(304).send()
    return reply.type('application/revocations+jwt').send(body)
  })
  preflight(app, paths.revocations, 'GET, HEAD')
}

export const openToAll = (reply: FastifyReply): void => {
  allowAnyOrigin(reply)
  reply.header('access-control-expose-headers', `${reply.getHeader('access-control-expose-headers')}, ETag`)
}

/** What the caller holds, from the names that the last list had. */
export const positionOf = (parameters: Parameters): Position | undefined => {
  const [epoch, after] = [parameters.optional('epoch'), parameters.optional('after')]
  if (epoch === undefined && after === undefined) return undefined
  if (epoch === undefined || after === undefined)
    throw invalidRequest('epoch and after belong together: send both, from the last list, or neither for all of it.')
  const position = positionFrom(epoch, after)
  if (!position)
    throw invalidRequest('epoch and after are to be sent as epoch and seq stood in the last list, letter for letter.')
  return position
}

export const positionFrom = (epoch: string, seq: string): Position | undefined =>
  /^[\w-]{1,100}$/.test(epoch) && /^(0|[1-9]\d{0,14})$/.test(seq) ? { epoch, seq: Number(seq) } : undefined
