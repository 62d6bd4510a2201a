import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Client } from '../../oauth/client.ts'

/** What a browser app may read of an answer. */
const exposed = 'WWW-Authenticate, DPoP-Nonce, X-Request-Id, Retry-After'

/**
 * Public documents: metadata, keys, and userinfo, which a bearer token alone opens; and what is refused before a body
 * was read and a client known, for it says nothing about anybody. No credentials with `*`.
 */
export const allowAnyOrigin = (reply: FastifyReply): void => {
  reply.header('access-control-allow-origin', '*').header('access-control-expose-headers', exposed)
}

/**
 * T23: the answer is readable only for an origin of this client, errors too; other pages get nothing to read. With
 * credentials where the client's refresh token is a cookie: a browser asks for it at such requests.
 */
export const allowOriginOf = (client: Client | undefined, request: FastifyRequest, reply: FastifyReply): void => {
  reply.removeHeader('access-control-allow-origin').removeHeader('access-control-expose-headers')
  reply.header('vary', 'Origin')
  const { origin } = request.headers
  if (origin === undefined || !client || !originsOf(client).includes(origin)) return
  reply.header('access-control-allow-origin', origin).header('access-control-expose-headers', exposed)
  if (client.refresh_token_delivery === 'cookie') reply.header('access-control-allow-credentials', 'true')
}

/** Where the pages of a client come from: what it registered, exactly. */
export const originsOf = (client: Client): readonly string[] => [
  ...client.allowed_origins,
  ...client.redirect_uris.filter((uri) => /^https?:/.test(uri) && URL.canParse(uri)).map((uri) => new URL(uri).origin),
]

/**
 * A preflight carries no client, so it says only that such a request may be sent: without cookies, like any form. Who
 * may read the answer is decided when the client is known. A refresh by cookie has none: a form without headers of its own
 * is a simple request (Fetch §4.8), so nobody has to be promised here, unknown, that cookies may come along.
 */
export const preflight = (app: FastifyInstance, path: string, methods: string): void => {
  app.options(path, async (_request, reply) =>
    reply
      .header('access-control-allow-origin', '*')
      .header('access-control-allow-methods', methods)
      .header('access-control-allow-headers', 'Authorization, Content-Type, DPoP, If-None-Match')
      .header('access-control-max-age', '3600')
      .code(204)
      .send(),
  )
}
