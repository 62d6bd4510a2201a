import { createHash } from 'node:crypto'
import { invalidGrant } from '../errors.ts'
import { proves } from '../pkce.ts'
import { buy } from './family.ts'
import type { GrantType } from './grant.ts'

/** RFC 6749 §4.1.3 with PKCE, RFC 7636. */
export const authorizationCode: GrantType = {
  name: 'authorization_code',

  async authorize(parameters, client, dependencies) {
    const { codes, now } = dependencies
    const code = await codes.find(codeHash(parameters.required('code')))
    if (!code || code.clientId !== client.client_id) throw invalidGrant("the code is unknown, or another client's")
    const redirectUri = parameters.optional('redirect_uri')
    // OAuth 2.1 §4.1.3 dropped the parameter; who sends it must send what the authorization request said.
    if (redirectUri !== undefined && redirectUri !== code.redirectUri)
      throw invalidGrant('redirect_uri differs from the authorization request')
    if (!proves(parameters.optional('code_verifier'), code.codeChallenge)) throw invalidGrant('wrong code_verifier')
    if (code.revokedAt) throw invalidGrant('the code was revoked with its session, its person or its client')
    if (!code.spentAt && code.expiresAt <= now) throw invalidGrant('the code has expired')
    // A script could carry code and verifier away, but no cookie: elsewhere they buy nothing.
    if (client.refresh_token_delivery === 'cookie' && (await dependencies.sessionAtBrowser()) !== code.grant.sessionId)
      throw invalidGrant('the code is redeemed by another browser than the one that is logged in')

    return buy(code, parameters, client, dependencies)
  },
}

export const codeHash = (code: string): Buffer => createHash('sha256').update(code).digest()
