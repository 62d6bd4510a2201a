import type { Client } from '../client.ts'

/**
 * OpenID Connect Front-Channel Logout 1.0 §2: what the person's browser loads so that a client hears of the logout.
 * `iss` and `sid` always come together, whether the client insists on them or not.
 */
export const frontChannelUri = (client: Client, issuer: string, sid: string): string | undefined => {
  const { frontchannel_logout_uri: uri, disabledAt } = client
  if (uri === undefined || disabledAt) return undefined
  const separator = uri.includes('?') ? '&' : '?'
  return `${uri}${separator}${new URLSearchParams({ iss: issuer, sid })}`
}
