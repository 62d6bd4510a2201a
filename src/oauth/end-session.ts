import type { Client } from './client.ts'

/** OpenID Connect RP-Initiated Logout 1.0 §2: what was asked, once the hint was verified. */
export type EndSessionRequest = {
  /** Of a hint with our signature; it may have expired. undefined for none, or a bad one. */
  readonly hint: { readonly clientId: string; readonly subject: string; readonly sid: string | undefined } | undefined
  readonly clientId: string | undefined
  readonly postLogoutRedirectUri: string | undefined
  readonly state: string | undefined
}

export type EndSessionDecision =
  /** The hint is of this very session: the person asked in the app, and is not asked twice. */
  | { readonly is: 'end'; readonly returnTo: string | undefined }
  /** §2: without such a hint only the person can say so, and the browser goes nowhere afterwards. */
  | { readonly is: 'ask' }
  /** Nobody is logged in here. */
  | { readonly is: 'ended'; readonly returnTo: string | undefined }

/** Pure: a redirect happens only to a registered URI of the client that the hint proves (§3, S18). */
export const decideEndSession = (
  request: EndSessionRequest,
  client: Client | undefined,
  /** As the client knows it, and its person. */
  session: { readonly sid: string; readonly subject: string } | undefined,
): EndSessionDecision => {
  const { hint, clientId } = request
  const isProven = hint !== undefined && (clientId === undefined || clientId === hint.clientId)
  if (!isProven) return session ? { is: 'ask' } : { is: 'ended', returnTo: undefined }
  const returnTo = returnUri(request, client)
  if (request.postLogoutRedirectUri !== undefined && returnTo === undefined)
    return session ? { is: 'ask' } : { is: 'ended', returnTo }
  if (!session) return { is: 'ended', returnTo }
  const isThisSession = hint.subject === session.subject && (hint.sid === undefined || hint.sid === session.sid)
  return isThisSession ? { is: 'end', returnTo } : { is: 'ask' }
}

const returnUri = (
  { postLogoutRedirectUri, state }: EndSessionRequest,
  client: Client | undefined,
): string | undefined => {
  if (postLogoutRedirectUri === undefined || !client || client.disabledAt) return undefined
  if (!client.post_logout_redirect_uris.includes(postLogoutRedirectUri)) return undefined
  if (state === undefined) return postLogoutRedirectUri
  const separator = postLogoutRedirectUri.includes('?') ? '&' : '?'
  return `${postLogoutRedirectUri}${separator}${new URLSearchParams({ state })}`
}
