import { later, numericDate } from '../../clock.ts'

export const backChannelLogout = 'http://schemas.openid.net/event/backchannel-logout'

/** Back-Channel Logout §2.4 recommends two minutes at most. */
const lifetime = 120

/** What a client is told of the end of one session. */
export type LogoutToken = {
  readonly clientId: string
  /** The very `sub` of the client's ID tokens. */
  readonly subject: string
  /** And their `sid`. */
  readonly sid: string
  readonly jti: string
  readonly issuedAt: Date
}

/** Back-Channel Logout §2.4. There is no nonce in it, "to prevent a Logout Token from being used as an ID Token". */
export const logoutTokenClaims = (issuer: string, { clientId, subject, sid, jti, issuedAt }: LogoutToken) => ({
  iss: issuer,
  sub: subject,
  aud: clientId,
  iat: numericDate(issuedAt),
  exp: numericDate(later(issuedAt, lifetime)),
  jti,
  events: { [backChannelLogout]: {} },
  sid,
})
