import { createHash } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { KeySet } from '../../keys/key-set.ts'
import type { ClaimsOfScope } from '../../oauth/claims.ts'
import type { SigningAlgorithm } from '../../oauth/client.ts'
import { openidConfiguration, paths } from '../../oauth/metadata.ts'
import type { RegistrationMode } from '../../oauth/registration/policy.ts'
import type { MutualTls } from '../../oauth/sender-constraint/mutual-tls.ts'
import { holds } from '../if-none-match.ts'
import { allowAnyOrigin, preflight } from '../oauth/cors.ts'

export type MetadataOptions = {
  readonly issuer: string
  readonly keySet: KeySet
  readonly claimsOfScope: ClaimsOfScope
  readonly algorithms: readonly SigningAlgorithm[]
  readonly mutualTls: MutualTls | undefined
  readonly registration: RegistrationMode
  readonly acrValues: readonly string[]
}

/** RFC 8414 §3, OpenID Connect Discovery §4, RFC 7517 §5: each is a buffer that was made before anybody asked. */
export const metadata = async (app: FastifyInstance, { keySet, ...described }: MetadataOptions): Promise<void> => {
  const known = configuration(described)
  for (const name of documents) serve(app, `/.well-known/${name}`, () => known)
  serve(app, paths.jwks, keySet)
}

/** K4: of an issuer with a path, RFC 8414 §3 puts the well-known part before it; mounted at the root of the host. */
export const metadataBeforePath = async (
  app: FastifyInstance,
  described: Omit<MetadataOptions, 'keySet'>,
): Promise<void> => {
  const { pathname } = new URL(described.issuer)
  if (pathname === '/') return
  const known = configuration(described)
  for (const name of documents) serve(app, `/.well-known/${name}${pathname}`, () => known)
}

/** RFC 8414 and OpenID Connect Discovery name the same members, so both serve the same document. */
const documents = ['openid-configuration', 'oauth-authorization-server']

const configuration = (described: Omit<MetadataOptions, 'keySet'>): Document => {
  const { issuer, claimsOfScope, algorithms, mutualTls, registration, acrValues } = described
  return document(openidConfiguration(issuer, claimsOfScope, algorithms, mutualTls, registration, acrValues))
}

type Document = { readonly body: Buffer; readonly etag: string }

const document = (value: object): Document => {
  const body = Buffer.from(JSON.stringify(value))
  return { body, etag: `"${createHash('sha256').update(body).digest('base64url')}"` }
}

const serve = (app: FastifyInstance, path: string, current: () => Document): void => {
  app.get(path, async (request, reply) => send(request, reply, current()))
  preflight(app, path, 'GET, HEAD')
}

/** Five minutes: a new key is published a day before it signs, so that no verifier meets one it cannot know. */
const send = (request: FastifyRequest, reply: FastifyReply, { body, etag }: Document) => {
  allowAnyOrigin(reply)
  reply.header('cache-control', 'public, max-age=300').header('etag', etag)
  if (holds(request, etag)) return reply.code(304).send()
  return reply.type('application/json').send(body)
}
