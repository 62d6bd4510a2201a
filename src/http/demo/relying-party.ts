import { decodeJwt } from 'jose'
import * as client from 'openid-client'
import { type Clock, later } from '../../clock.ts'

/** What is kept between sending a person away and their coming back. */
export type Login = { readonly state: string; readonly nonce: string; readonly codeVerifier: string }

export type Tokens = {
  readonly accessToken: string
  readonly refreshToken: string | undefined
  readonly idToken: string | undefined
  readonly expiresAt: Date
  readonly generation: number | undefined
}

export type RelyingParty = {
  begin(): Promise<{ readonly login: Login; readonly url: URL }>
  /** @param url where the person came back to, with the parameters they brought */
  finish(url: URL, login: Login): Promise<{ readonly tokens: Tokens; readonly claims: Record<string, unknown> }>
  refresh(tokens: Tokens): Promise<Tokens>
  /** The demo API's answer, whatever it is. */
  call(tokens: Tokens): Promise<{ readonly status: number; readonly body: string }>
  logoutUrl(tokens: Tokens | undefined): Promise<URL>
}

export type RelyingPartyOptions = {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  readonly redirectUri: string
  readonly postLogoutRedirectUri: string
  readonly scope: string
  readonly api: string
  readonly clock: Clock
  /** Of a server whose certificate this process does not trust by itself. */
  readonly fetch?: typeof fetch | undefined
}

/** An app as anybody would write one, with a library and the issuer's address: it knows nothing of this server's inside. */
export const createRelyingParty = (options: RelyingPartyOptions): RelyingParty => {
  const { issuer, clientId, clientSecret, redirectUri, postLogoutRedirectUri, scope, clock } = options
  const { protocol, hostname } = new URL(issuer)
  const isLoopback = protocol === 'http:' && /^(?:localhost|127\.0\.0\.1|\[::1\])$/.test(hostname)
  const request = options.fetch ?? fetch

  const discover = () =>
    client.discovery(new URL(issuer), clientId, undefined, client.ClientSecretBasic(clientSecret), {
      timeout: 5,
      execute: isLoopback ? [client.allowInsecureRequests] : [],
      [client.customFetch]: (url, { method, headers, body, signal }) =>
        request(url, { method, headers, body: formOf(body), redirect: 'manual', signal: signal ?? null }),
    })
  // At first use: the server that is asked listens only after this was built. A failure is not kept.
  let discovered: Promise<client.Configuration> | undefined
  const configuration = (): Promise<client.Configuration> => {
    discovered ??= discover().catch((error: unknown) => {
      discovered = undefined
      throw error
    })
    return discovered
  }

  const tokensOf = (
    response: client.TokenEndpointResponse & client.TokenEndpointResponseHelpers,
    before?: Tokens,
  ): Tokens => ({
    accessToken: response.access_token,
    // RFC 6749 §6: where no new one is issued, the old one stays.
    refreshToken: response.refresh_token ?? before?.refreshToken,
    idToken: response.id_token ?? before?.idToken,
    expiresAt: later(clock.now(), response.expires_in ?? 0),
    generation: generationOf(response.access_token),
  })

  return {
    async begin() {
      const login = {
        state: client.randomState(),
        nonce: client.randomNonce(),
        codeVerifier: client.randomPKCECodeVerifier(),
      }
      const url = client.buildAuthorizationUrl(await configuration(), {
        redirect_uri: redirectUri,
        scope,
        state: login.state,
        nonce: login.nonce,
        code_challenge: await client.calculatePKCECodeChallenge(login.codeVerifier),
        code_challenge_method: 'S256',
      })
      return { login, url }
    },

    async finish(url, { state, nonce, codeVerifier }) {
      const config = await configuration()
      const response = await client.authorizationCodeGrant(config, url, {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: codeVerifier,
        idTokenExpected: true,
      })
      const idToken = response.claims()
      const person = await client.fetchUserInfo(config, response.access_token, idToken?.sub ?? '')
      const claims = { ...person, auth_time: idToken?.auth_time, acr: idToken?.acr, amr: idToken?.amr }
      return {
        tokens: tokensOf(response),
        claims: Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined)),
      }
    },

    async refresh(tokens) {
      const response = await client.refreshTokenGrant(await configuration(), tokens.refreshToken ?? '')
      return tokensOf(response, tokens)
    },

    async call({ accessToken }) {
      const response = await request(`${options.api}/hello`, {
        headers: { authorization: `Bearer ${accessToken}` },
        redirect: 'error',
        signal: AbortSignal.timeout(5_000),
      })
      return { status: response.status, body: (await response.text()).slice(0, 4000) }
    },

    async logoutUrl(tokens) {
      return client.buildEndSessionUrl(await configuration(), {
        post_logout_redirect_uri: postLogoutRedirectUri,
        ...(tokens?.idToken !== undefined && { id_token_hint: tokens.idToken }),
      })
    },
  }
}

/** What the library sends to this server is a form or nothing. */
const formOf = (body: client.FetchBody): URLSearchParams | string | null => {
  if (body === null || body === undefined) return null
  if (body instanceof URLSearchParams || typeof body === 'string') return body
  throw new TypeError('the body is no form')
}

/** For show only, since this demo explains its own server: to an app an access token is opaque (RFC 9068 §6). */
const generationOf = (accessToken: string): number | undefined => {
  const { jti = '' } = decodeJwt(accessToken)
  const generation = /\.(\d+)/.exec(jti)?.[1]
  return generation === undefined ? undefined : Number(generation)
}

export type Fault = { readonly status: number; readonly code: string; readonly description: string | undefined }

/** What of a failure an app may show: the server's own words, or that the server could not be asked. */
export const faultOf = (error: unknown): Fault => {
  if (error instanceof client.AuthorizationResponseError)
    return { status: 400, code: error.error, description: error.error_description }
  if (error instanceof client.ResponseBodyError)
    return { status: error.status === 503 ? 503 : 400, code: error.error, description: error.error_description }
  if (error instanceof client.WWWAuthenticateChallengeError) {
    const { error: code = 'invalid_token', error_description: description } = error.cause[0]?.parameters ?? {}
    return { status: 400, code, description }
  }
  if (error instanceof client.ClientError)
    return { status: 502, code: 'server_error', description: 'The answer of the authorization server is not valid.' }
  return { status: 503, code: 'temporarily_unavailable', description: 'The authorization server cannot be reached.' }
}
