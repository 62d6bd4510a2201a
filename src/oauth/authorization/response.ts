import { OAuthError, printable } from '../errors.ts'
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

/** How the edge delivers it: a 303 to `location`, or a page that posts `fields` to `action`. */
export type AuthorizationResponse =
  | { readonly mode: 'query'; readonly location: string }
  | { readonly mode: 'form_post'; readonly action: string; readonly fields: Readonly<Record<string, string>> }

/** RFC 6749 §4.1.2; `iss` is RFC 9207, against mix-up. */
export const codeResponse = (to: ReplyTo, code: string, issuer: string): AuthorizationResponse =>
  deliver(to, { code, ...(to.state !== undefined && { state: to.state }), iss: issuer })

/** RFC 6749 §4.1.2.1. */
export const errorResponse = (to: ReplyTo, error: OAuthError, issuer: string): AuthorizationResponse =>
  deliver(to, {
    error: error.code,
    error_description: printable(error.description),
    ...(to.state !== undefined && { state: to.state }),
    iss: issuer,
  })

export const refusal = (code: keyof typeof refusals): OAuthError => new OAuthError(code, refusals[code])

const refusals = {
  login_required: 'The person is not logged in as asked, and prompt=none allows no page (OIDC Core §3.1.2.6).',
  consent_required: 'The person has not consented to this, and prompt=none allows no page (OIDC Core §3.1.2.6).',
  access_denied: 'The person did not allow it.',
  unmet_authentication_requirements: 'The acr that the claims parameter calls essential cannot be had here.',
}

const deliver = (
  { redirectUri, responseMode }: ReplyTo,
  fields: Readonly<Record<string, string>>,
): AuthorizationResponse => {
  if (responseMode === 'form_post') return { mode: 'form_post', action: redirectUri, fields }
  const separator = redirectUri.includes('?') ? '&' : '?'
  return { mode: 'query', location: `${redirectUri}${separator}${new URLSearchParams(fields)}` }
}
