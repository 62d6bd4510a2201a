/**
 * The npm package oidc-provider on PostgreSQL, told to do what our server does: signed access tokens for one API,
 * rotation, PKCE, refresh tokens that outlive the browser's session. It brings no pages of its own, so login and consent
 * are answered at once, without a page and without a password.
 *
 * PORT, ISSUER and DATABASE_URL as our server takes them; CLIENTS is a JSON array of RFC 7591 metadata.
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import Provider from 'oidc-provider'
import { openAdapter } from './oidc-provider-postgres.mjs'

const { PORT, ISSUER, DATABASE_URL, CLIENTS } = process.env

const signingKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' })

const provider = new Provider(ISSUER, {
  adapter: await openAdapter(DATABASE_URL),
  jwks: { keys: [{ ...signingKey, kid: 'bench', use: 'sig', alg: 'RS256' }] },
  clients: JSON.parse(CLIENTS),
  cookies: { keys: [randomBytes(32).toString('base64url')] },
  scopes: ['openid', 'offline_access', 'api'],
  claims: { openid: ['sub'], profile: ['name'], email: ['email', 'email_verified'] },
  pkce: { required: () => true },
  rotateRefreshToken: true,
  issueRefreshToken: async (_context, client) => client.grantTypeAllowed('refresh_token'),
  // Tokens bound to the session would cost it one more statement at each refresh and introspection.
  expiresWithSession: async () => false,
  findAccount: async (_context, sub) => ({
    accountId: sub,
    claims: async () => ({ sub, name: 'Person', email: `${sub}@example.test`, email_verified: true }),
  }),
  ttl: {
    AccessToken: 600,
    ClientCredentials: 600,
    IdToken: 600,
    RefreshToken: 86_400,
    AuthorizationCode: 60,
    Grant: 86_400,
    Session: 86_400,
    Interaction: 600,
  },
  interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    introspection: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => undefined,
      useGrantedResource: () => true,
      getResourceServerInfo: (_context, audience) => ({
        scope: 'api',
        audience,
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: 'RS256' } },
      }),
    },
  },
})
provider.on('server_error', (_context, error) => console.error(error))

const grantFor = async ({ grantId, params, prompt, session }) => {
  const { missingOIDCScope = [], missingResourceScopes = {} } = prompt.details
  const grant = grantId
    ? await provider.Grant.find(grantId)
    : new provider.Grant({ accountId: session.accountId, clientId: params.client_id })
  if (missingOIDCScope.length > 0) grant.addOIDCScope(missingOIDCScope.join(' '))
  for (const [resource, scopes] of Object.entries(missingResourceScopes))
    grant.addResourceScope(resource, scopes.join(' '))
  return grant.save()
}

const interact = async (request, response) => {
  const details = await provider.interactionDetails(request, response)
  const result =
    details.prompt.name === 'login'
      ? { login: { accountId: `person-${details.uid}` } }
      : { consent: { grantId: await grantFor(details) } }
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: 'consent' in result })
}

const answer = provider.callback()
const server = createServer((request, response) => {
  if (!request.url.startsWith('/interaction/')) return answer(request, response)
  interact(request, response).catch((error) => {
    console.error(error)
    response.writeHead(500).end()
  })
})
server.keepAliveTimeout = 72_000
server.listen(Number(PORT), '127.0.0.1')
process.on('SIGTERM', () => process.exit(0))
