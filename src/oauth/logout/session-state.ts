import { createHash } from 'node:crypto'

/**
 * OpenID Connect Session Management 1.0 §2 and §3.2: what a client shows the iframe of this server, to hear whether the
 * login in this browser is still the one that it knows.
 * @param browserState changes whenever the login in this browser does
 * @returns undefined where the redirect URI has no origin: no page of such a client could ask
 */
export const sessionState = (
  { clientId, redirectUri }: { readonly clientId: string; readonly redirectUri: string },
  browserState: string,
  salt: string,
): string | undefined => {
  const { origin } = new URL(redirectUri)
  if (origin === 'null') return undefined
  const digest = createHash('sha256').update([clientId, origin, browserState, salt].join(' ')).digest('hex')
  return `${digest}.${salt}`
}
