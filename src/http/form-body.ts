import { errorCodes, type FastifyInstance, type FastifyRequest } from 'fastify'
import { invalidRequest } from '../oauth/errors.ts'
import { limits } from './limits.ts'

/**
 * RFC 6749 Appendix B. Repeats stay visible, since a repeated parameter is an error (RFC 6749 §3.2) and not a list.
 *
 * @throws OAuthError `invalid_request` for more parameters than any request has, and for U+0000, which no text may hold
 */
export const parameters = (encoded: string): URLSearchParams => {
  let count = 1
  for (let at = encoded.indexOf('&'); at !== -1; at = encoded.indexOf('&', at + 1)) count += 1
  if (count > limits.parameters) throw invalidRequest('There are too many parameters.')
  if (encoded.includes('%00') || encoded.includes('\0')) throw invalidRequest('A parameter holds a null character.')
  return new URLSearchParams(encoded)
}

/** The query's parameters, from the request line itself. */
export const queryParameters = (request: FastifyRequest): URLSearchParams => {
  const url = request.raw.url ?? ''
  const start = url.indexOf('?')
  return parameters(start === -1 ? '' : url.slice(start + 1))
}

const mediaType = /^application\/x-www-form-urlencoded[ \t]*(?:;[ \t]*charset="?utf-8"?[ \t]*)?$/i

/**
 * Makes every POST of this plugin's scope a form: its `body` is `URLSearchParams`, empty when nothing was sent.
 * Anything else is 415 (O8): a JSON body would be another parser, with other ideas of what a repeat is.
 */
export const formBody = (app: FastifyInstance): void => {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    async (request: FastifyRequest, body: string) => {
      const type = request.headers['content-type'] ?? ''
      if (!mediaType.test(type)) throw new errorCodes.FST_ERR_CTP_INVALID_MEDIA_TYPE()
      return parameters(body)
    },
  )
  app.addHook('preValidation', (request, _reply, done) => {
    if (!(request.body instanceof URLSearchParams)) request.body = new URLSearchParams()
    done()
  })
}
