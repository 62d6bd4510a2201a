import { later, numericDate } from '../../clock.ts'
import type { Client, SigningAlgorithm } from '../client.ts'
import { OAuthError, printable } from '../errors.ts'
import { isOfProfile } from '../profile.ts'
import type { ResponseMode } from './request.ts'

/**
 * Where an answer may go: only `replyTo` in parse.ts makes one, after the client and its redirect URI were checked.
 * An error without a ReplyTo cannot be redirected, because nothing here would take it.
 */
export type ReplyTo = {
  readonly clientId: string
  readonly redirectUri: string
  readonly responseMode: ResponseMode
  readonly state: string | undefined
}

/** What is answered, before it has the form that was asked for. */
export type Answer = { readonly to: ReplyTo; readonly fields: Readonly<Record<string, string>> }

/** How the edge delivers it: a 303 to `location`, or a page that posts `fields` to `action`. */
export type AuthorizationResponse =
  | { readonly mode: 'query'; readonly location: string }
  | { readonly mode: 'form_post'; readonly action: string; readonly fields: Readonly<Record<string, string>> }

/**
 * RFC 6749 §4.1.2; `iss` is RFC 9207, against mix-up.
 * @param sessionState of OpenID Connect Session Management 1.0 §2
 */
export const codeResponse = (to: ReplyTo, code: string, issuer: string, sessionState?: string): Answer => ({
  to,
  fields: {
    code,
    ...(to.state !== undefined && { state: to.state }),
    iss: issuer,
    ...(sessionState !== undefined && { session_state: sessionState }),
  },
})

/** RFC 6749 §4.1.2.1. */
export const errorResponse = (to: ReplyTo, error: OAuthError, issuer: string): Answer => ({
  to,
  fields: {
    error: error.code,
    error_description: printable(error.description),
    ...(to.state !== undefined && { state: to.state }),
    iss: issuer,
  },
})

export const refusal = (code: keyof typeof refusals): OAuthError => new OAuthError(code, refusals[code])

const refusals = {
  login_required: 'The person is not logged in as asked, and prompt=none allows no page (OIDC Core §3.1.2.6).',
  consent_required: 'The person has not consented to this, and prompt=none allows no page (OIDC Core §3.1.2.6).',
  access_denied: 'The person did not allow it.',
  unmet_authentication_requirements: 'The acr that the claims parameter calls essential cannot be had here.',
}

/** Seconds; JARM §2.1 recommends ten minutes at most, and the code in it lives for one. */
const responseLifetime = 300

/** Whether a response in this mode is signed. */
export const isSigned = (mode: string): boolean => mode.endsWith('jwt')

/** JARM §3: "If omitted, the default is RS256", which no profile has: there the algorithm of the ID token stands in. */
export const responseAlgorithm = (client: Client): SigningAlgorithm =>
  client.authorization_signed_response_alg ?? (isOfProfile(client) ? client.id_token_signed_response_alg : 'RS256')

/** @param sign with `responseAlgorithm`; asked only for the modes of JARM */
export const formed = async (
  { to, fields }: Answer,
  sign: (claims: object) => Promise<string>,
  now: Date,
): Promise<AuthorizationResponse> => {
  if (!isSigned(to.responseMode)) return placed(to, to.responseMode === 'form_post', fields)
  // JARM §2.1: the parameters beside `iss`, `aud` and `exp`.
  const claims = { ...fields, aud: to.clientId, exp: numericDate(later(now, responseLifetime)) }
  // JARM §2.3.4: for a code, `jwt` means `query.jwt`.
  return placed(to, to.responseMode === 'form_post.jwt', { response: await sign(claims) })
}

const placed = ({ redirectUri }: ReplyTo, isPosted: boolean, fields: Answer['fields']): AuthorizationResponse => {
  if (isPosted) return { mode: 'form_post', action: redirectUri, fields }
  const separator = redirectUri.includes('?') ? '&' : '?'
  return { mode: 'query', location: `${redirectUri}${separator}${new URLSearchParams(fields)}` }
}
