import type { Client } from './client.ts'
import { invalidRequest, type OAuthError } from './errors.ts'
import type { TokenDependencies } from './introspection.ts'
import type { Origin } from './stores.ts'
import { familyOf } from './tokens/access-token.ts'
import { parseRefreshToken } from './tokens/refresh-token.ts'

/**
 * RFC 7009. A refresh token ends its family with everything it bought; an access token ends alone, but for one whose
 * refresh token is in a cookie: no script could name that, so its access token speaks for it (§2.1: "the authorization
 * server MAY revoke the respective refresh token as well"). An unknown token is a success: it is as dead as the client
 * wants it.
 * @throws OAuthError `invalid_request` for another client's token, which stays as it was (§2.1)
 */
export const revoke = async (token: string, client: Client, origin: Origin, deps: TokenDependencies): Promise<void> => {
  const refresh = parseRefreshToken(token, deps.refreshKeys.find)
  if (refresh) {
    const family = await deps.families.find(refresh.familyId)
    if (family && family.clientId !== client.client_id) throw othersToken()
    if (family) await deps.families.revoke(family.id, 'revoked_by_client', deps.now, origin)
    return
  }
  const claims = await deps.verifyAccessToken(token, deps.now)
  if (!claims) return
  if (claims.client_id !== client.client_id) throw othersToken()
  const familyId = client.refresh_token_delivery === 'cookie' ? familyOf(claims.jti) : undefined
  if (familyId !== undefined && (await deps.families.find(familyId))?.cookieBound)
    await deps.families.revoke(familyId, 'revoked_by_client', deps.now, origin)
  else await deps.tokens.revoke(claims.jti, new Date(claims.exp * 1000), deps.now)
}

const othersToken = (): OAuthError => invalidRequest('The token was issued to another client (RFC 7009 §2.1).')
