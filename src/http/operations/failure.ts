import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Busy } from '../../identity/queue.ts'
import { InvalidGrant, OAuthError, printable, Unavailable } from '../../oauth/errors.ts'
import { challengesOf } from '../oauth/shown-token.ts'
import { PageError } from '../page-error.ts'

/** What may be told: it holds nothing that was received and nothing of the inside. */
export type Failure = {
  readonly status: number
  readonly code: string
  readonly description: string
  readonly errorId: string
}

/** @returns the whole HTML document */
export type FailurePage = (failure: Failure, request: FastifyRequest, reply: FastifyReply, error: unknown) => string

const refusals: Readonly<Record<number, string>> = {
  408: 'The request took too long to arrive.',
  413: 'The request is too large.',
  414: 'The address is too long.',
  415: 'The Content-Type is not one that is taken here: a form is application/x-www-form-urlencoded, and where JSON is asked for it is application/json.',
  429: 'There are too many requests.',
}

/** It is over in a moment: the answer says when to ask again. */
const isPassing = (error: unknown): error is Unavailable | Busy => error instanceof Unavailable || error instanceof Busy

const describe = (error: unknown, errorId: string): Failure => {
  if (error instanceof OAuthError)
    return { status: error.status, code: error.code, description: printable(error.description), errorId }
  if (error instanceof PageError)
    return { status: error.status, code: error.code, description: 'This can only be answered by a page.', errorId }
  if (isPassing(error))
    return { status: 503, code: 'temporarily_unavailable', description: 'Try again in a moment.', errorId }
  const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500
  if (status === 503) return { status, code: 'temporarily_unavailable', description: 'Try again in a moment.', errorId }
  // Fastify's own refusals: their messages repeat what was received.
  if (status >= 400 && status < 500)
    return { status, code: 'invalid_request', description: refusals[status] ?? 'The request cannot be read.', errorId }
  return { status: 500, code: 'server_error', description: 'Something failed on our side.', errorId }
}

/** RFC 6749 §5.2 and RFC 6750 §3: a 401 says how to authenticate. An endpoint that knows better has said so before. */
const challenge = ({ status, code, description }: Failure, request: FastifyRequest, reply: FastifyReply): void => {
  if (reply.hasHeader('www-authenticate')) return
  // Libraries that read a challenge read no body: it says why, too.
  const why = `error="${code}", error_description="${description}"`
  // RFC 9110 §15.5.2: every 401, also where the client tried to authenticate in another way.
  if (code === 'invalid_client') reply.header('www-authenticate', `Basic realm="oauth2", charset="UTF-8", ${why}`)
  if (code === 'invalid_token' || code === 'insufficient_scope' || (status === 401 && code !== 'invalid_client'))
    reply.header('www-authenticate', challengesOf(request.headers.authorization, why))
}

const record = (error: unknown, { status, code }: Failure, request: FastifyRequest): void => {
  if (error instanceof OAuthError || error instanceof PageError) {
    const refused = { error: code, reason: error.reason, client_id: error.clientId, status }
    if (error instanceof OAuthError && error.isAlarm)
      request.log.error({ ...refused, event: 'alarm' }, 'refused, and something is wrong')
    else request.log.info(refused, 'refused')
  } else if (isPassing(error)) request.log.warn({ err: error, status }, 'unavailable')
  else if (status < 500) request.log.info({ error: code, err: error, status }, 'refused')
  else request.log.error({ err: error, status }, 'failed')
}

const answer = (
  failure: Failure,
  request: FastifyRequest,
  reply: FastifyReply,
  { page, issuer }: { readonly page?: FailurePage | undefined; readonly issuer?: string },
  error?: unknown,
) => {
  reply.code(failure.status).header('cache-control', 'no-store').header('x-request-id', failure.errorId)
  if (page) return reply.type('text/html; charset=utf-8').send(page(failure, request, reply, error))
  challenge(failure, request, reply)
  return reply.type('application/json').send({
    error: failure.code,
    error_description: failure.description,
    error_id: failure.errorId,
    ...(issuer !== undefined && explained(error, issuer, failure)),
  })
}

/**
 * RFC 6749 §5.2: "A URI identifying a human-readable web page with information about the error". It names the family
 * only where the grant says so; for everybody else it is an id that only the log knows.
 */
const explained = (error: unknown, issuer: string, { errorId }: Failure) =>
  error instanceof InvalidGrant && { error_uri: `${issuer}/why/${error.familyId ?? errorId}` }

/**
 * Answers every error of this scope: as a page, or with OAuth's JSON, which leads to a page of the issuer. A plugin of
 * pages calls it again for its own scope; the last one called holds.
 */
export const answerFailures = (
  app: FastifyInstance,
  how: { readonly page: FailurePage } | { readonly issuer: string },
): void => {
  app.setErrorHandler((error, request, reply) => {
    const failure = describe(error, request.id)
    record(error, failure, request)
    if (isPassing(error)) reply.header('retry-after', String(error.retryAfterSeconds))
    return answer(failure, request, reply, how, error)
  })
}

/** Fastify's option for an address that cannot be read: its own answer repeats it. */
export const frameworkErrors = (error: Error, request: FastifyRequest, reply: FastifyReply): void => {
  const failure = describe(error, request.id)
  record(error, failure, request)
  answer(failure, request, reply, {})
}

/**
 * An address that is not served: a page for whoever asks for HTML. Called once, on the root, before any route. RFC 9110
 * §15.5.6, RFC 9126 §2.3: one that is served by other methods names them, where nothing of it varies. What came as a
 * body is not read.
 */
export const answerNotFound = (app: FastifyInstance, { page }: { page?: FailurePage | undefined } = {}): void => {
  // Kept beside the router: what it finds by is a pattern, and an address is a stranger's text.
  const methods = new Map<string, ReadonlySet<string>>()
  app.addHook('onRoute', ({ method, url }) => {
    if (/[:*]/.test(url)) return
    // Of an address that ends in a slash fastify tells of HEAD alone, which comes with GET.
    const served = [method].flat().flatMap((each) => (each === 'HEAD' ? ['GET', 'HEAD'] : [each]))
    methods.set(url, new Set([...(methods.get(url) ?? []), ...served]))
  })
  // The router's own answer to these comes after the body was read.
  app.addHook('onRequest', (request, reply, done) => {
    if (!request.is404) return done()
    const html = /\btext\/html\b/.test(request.headers.accept ?? '')
    const failed = (status: number, description: string) =>
      answer(
        { status, code: 'invalid_request', description, errorId: request.id },
        request,
        reply,
        html ? { page } : {},
      )
    const served = methods.get(request.url.split('?', 1)[0] ?? '')
    if (!served) return void failed(404, 'There is nothing at this address.')
    const allow = [...served].join(', ')
    reply.header('allow', allow)
    failed(405, `This address is served by ${allow}, and not by the method of this request.`)
  })
}
