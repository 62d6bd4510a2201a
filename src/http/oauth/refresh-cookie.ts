import type { FastifyReply, FastifyRequest } from 'fastify'
import { numericDate } from '../../clock.ts'
import type { Client } from '../../oauth/client.ts'
import { invalidRequest } from '../../oauth/errors.ts'
import type { Authorization } from '../../oauth/grants/grant.ts'
import { paths } from '../../oauth/metadata.ts'
import type { TokenResponse } from '../../oauth/tokens/issue.ts'
import { basePathOf } from '../base-path.ts'
import { originsOf } from './cors.ts'

/**
 * An extension of RFC 6749 §6 for first-party apps in a browser: the refresh token travels in a cookie that no script
 * reads, and in no body. A browser adds a cookie to a request whoever asked for it, so who asked is checked first.
 */
export type RefreshCookies = {
  /**
   * Before anything is spent.
   * @returns the refresh token that the browser holds for this client; undefined where there is none, or no cookie is due
   * @throws OAuthError `invalid_request` where no page of the client asked, or the browser holds two
   */
  read(request: FastifyRequest, client: Client): string | undefined
  /**
   * A retry sets the same cookie again. No refusal comes here, so none clears a cookie: beside the request that lost a
   * race is one that won it.
   * @returns the body
   */
  deliver(reply: FastifyReply, response: TokenResponse, authorization: Authorization, now: Date): TokenResponse
}

export const createRefreshCookies = (issuer: string): RefreshCookies => {
  const { protocol } = new URL(issuer)
  // Safari drops Secure and __Secure- cookies on http://localhost; anywhere else http is refused at start.
  const isSecure = protocol === 'https:'
  const path = basePathOf(issuer) + paths.token
  const nameFor = (clientId: string): string => `${isSecure ? '__Secure-' : ''}tessera-rt-${cookieSafe(clientId)}`

  return {
    read(request, client) {
      if (client.refresh_token_delivery !== 'cookie') return undefined
      checkSender(request, client)
      const [value, ...more] = valuesOf(request.headers.cookie ?? '', nameFor(client.client_id))
      // RFC 6265 §8.6: a neighbouring domain may have planted one of them, and nothing tells which.
      if (more.length > 0) throw invalidRequest('The refresh token cookie is sent more than once.')
      return value || undefined
    },
    deliver(reply, response, authorization, now) {
      const { refresh_token, ...body } = response
      const isCookie = authorization.by === 'person' && authorization.family.cookieBound
      if (!isCookie || refresh_token === undefined) return response
      const { clientId, absoluteExpiresAt } = authorization.family
      const seconds = Math.max(0, numericDate(absoluteExpiresAt) - numericDate(now))
      const attributes = `Path=${path}; Max-Age=${seconds}; HttpOnly; SameSite=Strict${isSecure ? '; Secure' : ''}`
      reply.header('set-cookie', `${nameFor(clientId)}=${refresh_token}; ${attributes}`)
      return body
    },
  }
}

/** A browser says both of every such request, and no page can make it lie. */
const checkSender = ({ headers }: FastifyRequest, client: Client): void => {
  const { origin, 'sec-fetch-site': site } = headers
  if (site !== undefined && site !== 'same-origin' && site !== 'same-site')
    throw invalidRequest('A page of another site may not ask with the cookie of this client.')
  if (origin === undefined || !originsOf(client).includes(origin))
    throw invalidRequest('The Origin header must name an origin of this client: see its allowed_origins.')
}

/** RFC 6265 §4.1.1: a name is a token of RFC 9110. Two clients never get the same one. */
const cookieSafe = (clientId: string): string =>
  encodeURIComponent(clientId).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16)}`)

const valuesOf = (header: string, name: string): readonly string[] =>
  header
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1))
