import type { ClientMetadata } from '../client.ts'
import { type Contradiction, rule, webProblem, when } from './rule.ts'

/** Where a client hears of a logout. A fragment is no part of either address, and `webProblem` knows that. */
export const logout = (client: ClientMetadata): readonly Contradiction[] => {
  const { backchannel_logout_uri: back, frontchannel_logout_uri: front, redirect_uris } = client
  const origins = redirect_uris.map(originOf)
  return [
    ...rule(back === undefined ? undefined : webProblem(back), 'backchannel_logout_uri'),
    ...rule(front === undefined ? undefined : webProblem(front), 'frontchannel_logout_uri'),
    // Front-Channel Logout §2: "The domain, port, and scheme of this URL MUST be the same as that of a registered
    // Redirection URI value."
    ...when(
      front !== undefined && webProblem(front) === undefined && !origins.includes(originOf(front)),
      'frontchannel_logout_uri',
      'is on none of the origins of redirect_uris',
      ['redirect_uris'],
    ),
    // CSP3 §2.3.1: a host-source has no form for such an address, so no page of ours could frame it.
    ...when(
      front !== undefined && URL.canParse(front) && new URL(front).hostname.startsWith('['),
      'frontchannel_logout_uri',
      'is at an IPv6 address, which no page may frame: name a host',
    ),
    // What nobody is told carries no session.
    ...when(
      client.backchannel_logout_session_required && back === undefined,
      'backchannel_logout_session_required',
      'means nothing without backchannel_logout_uri',
      ['backchannel_logout_uri'],
    ),
    ...when(
      client.frontchannel_logout_session_required && front === undefined,
      'frontchannel_logout_session_required',
      'means nothing without frontchannel_logout_uri',
      ['frontchannel_logout_uri'],
    ),
  ]
}

const originOf = (uri: string): string | undefined => (URL.canParse(uri) ? new URL(uri).origin : undefined)
