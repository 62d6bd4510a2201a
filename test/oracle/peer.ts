import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import Provider, { errors, type Interaction, interactionPolicy, type PeerClient } from 'oidc-provider'
import type { Lifetime } from '../support/database.ts'
import { freePort } from '../support/free-port.mjs'
import { createMemory } from './memory.ts'

export type Peer = {
  readonly issuer: string
  /** What the page at this address would ask of a person. */
  promptAt(path: string): Promise<string>
  /** What went wrong inside, which no case should bring about. */
  readonly faults: readonly Error[]
}

const lifetimes = {
  AccessToken: 600,
  AuthorizationCode: 60,
  ClientCredentials: 600,
  DeviceCode: 600,
  Grant: 86_400,
  IdToken: 600,
  Interaction: 600,
  RefreshToken: 86_400,
  Session: 86_400,
}

/** The package oidc-provider, told to be as strict as we are. Its people log in and consent as soon as they are asked. */
export const aPeer = async (t: Lifetime, clients: readonly Record<string, unknown>[], api: string): Promise<Peer> => {
  const port = await freePort()
  const issuer = `http://127.0.0.1:${port}`
  const memory = createMemory()
  const faults: Error[] = []
  const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' })
  const ecKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' })
  const policy = interactionPolicy.base()
  policy.add(new interactionPolicy.Prompt({ name: 'select_account', requestable: true }))

  const provider = new Provider(issuer, {
    adapter: memory.adapter,
    jwks: {
      keys: [
        { ...key, kid: 'rsa', use: 'sig', alg: 'RS256' },
        { ...ecKey, kid: 'ec', use: 'sig', alg: 'ES256' },
      ],
    },
    clients,
    cookies: { keys: [randomBytes(32).toString('base64url')], long: { httpOnly: true, sameSite: 'none' } },
    routes: {
      authorization: '/oauth2/authorize',
      token: '/oauth2/token',
      pushed_authorization_request: '/oauth2/par',
      registration: '/oauth2/register',
      introspection: '/oauth2/introspect',
      revocation: '/oauth2/revoke',
      device_authorization: '/oauth2/device_authorization',
    },
    scopes: ['openid', 'offline_access', 'read', 'write'],
    claims: { openid: ['sub'], profile: ['name'], email: ['email', 'email_verified'] },
    acrValues: ['1'],
    responseTypes: ['code'],
    clientAuthMethods: ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'],
    enabledJWA: {
      clientAuthSigningAlgValues: ['RS256', 'PS256', 'ES256', 'EdDSA'],
      requestObjectSigningAlgValues: ['RS256', 'PS256', 'ES256', 'EdDSA'],
    },
    pkce: { required: () => true },
    enableHttpPostMethods: true,
    allowOmittingSingleRegisteredRedirectUri: false,
    rotateRefreshToken: (context: { readonly oidc: { readonly client: PeerClient } }) =>
      !context.oidc.client.clientId.startsWith('fapi'),
    issueRefreshToken: async (_context: unknown, client: PeerClient) => client.grantTypeAllowed('refresh_token'),
    expiresWithSession: async () => false,
    findAccount: async (_context: unknown, sub: string) => ({ accountId: sub, claims: async () => ({ sub }) }),
    renderError: async (context: { body: unknown; type: string }) => {
      context.type = 'html'
      context.body = '<h1>Error</h1>'
    },
    ttl: lifetimes,
    interactions: { policy, url: (_context: unknown, { uid }: Interaction) => `/interaction/${uid}` },
    subjectTypes: ['public', 'pairwise'],
    pairwiseIdentifier: async (_context: unknown, sub: string) => sub,
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      claimsParameter: { enabled: true },
      deviceFlow: { enabled: true },
      dPoP: { enabled: true },
      fapi: { enabled: true, profile: (_context: unknown, { clientId }: PeerClient) => profileOf(clientId) },
      introspection: { enabled: true, allowedPolicy: ofItsOwn },
      revocation: { enabled: true, allowedPolicy: ofItsOwn },
      jwtUserinfo: { enabled: true },
      jwtResponseModes: { enabled: true },
      pushedAuthorizationRequests: { enabled: true },
      registration: { enabled: true },
      requestObjects: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => api,
        useGrantedResource: () => true,
        getResourceServerInfo: (_context: unknown, audience: string) => {
          const { InvalidTarget } = errors
          if (audience !== api && InvalidTarget) throw new InvalidTarget()
          return { scope: 'read write', audience, accessTokenFormat: 'opaque' }
        },
      },
    },
  })
  provider.on('server_error', (_context, error) => faults.push(error))

  const consentedTo = async ({ grantId, params, prompt, session }: Interaction): Promise<string> => {
    const { missingOIDCScope = [], missingOIDCClaims = [], missingResourceScopes = {} } = prompt.details
    const clientId = params.client_id ?? ''
    const found = grantId === undefined ? undefined : await provider.Grant.find(grantId)
    const grant = found ?? new provider.Grant({ accountId: session?.accountId ?? '', clientId })
    if (missingOIDCScope.length > 0) grant.addOIDCScope(missingOIDCScope.join(' '))
    if (missingOIDCClaims.length > 0) grant.addOIDCClaims(missingOIDCClaims)
    for (const [resource, scopes] of Object.entries(missingResourceScopes))
      grant.addResourceScope(resource, scopes.join(' '))
    return grant.save()
  }

  const interact = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const asked = await provider.interactionDetails(request, response)
    const isConsent = asked.prompt.name === 'consent'
    const result = isConsent ? { consent: { grantId: await consentedTo(asked) } } : { login: { accountId: 'alice' } }
    await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: isConsent })
  }

  const answer = provider.callback()
  const server = createServer((request, response) => {
    if (!request.url?.startsWith('/interaction/')) return answer(request, response)
    interact(request, response).catch((error: unknown) => {
      faults.push(error instanceof Error ? error : new Error(String(error)))
      response.writeHead(500).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })

  const interactions = memory.adapter('Interaction')
  return {
    issuer,
    faults,
    async promptAt(path) {
      const found = await interactions.find(path.replace('/interaction/', ''))
      const prompt = found?.prompt
      return typeof prompt === 'object' && prompt && 'name' in prompt ? String(prompt.name) : 'nothing'
    },
  }
}

const profileOf = (clientId: string): string | undefined => (clientId.startsWith('fapi') ? '2.0' : undefined)

/** As ours do: a client asks about its own tokens. */
const ofItsOwn = async (_context: unknown, client: PeerClient, token: { readonly clientId: string }) =>
  token.clientId === client.clientId
