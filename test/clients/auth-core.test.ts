import { Auth, type AuthConfig } from '@auth/core'
import type { OIDCConfig } from '@auth/core/providers'
import { exportJWK, generateKeyPair } from 'jose'
import t from 'tap'
import { aRunningClock } from '../support/clock.ts'
import type { App } from '../support/server.ts'
import { aTlsServer } from '../support/tls-server.ts'
import { walkBack } from '../support/walk.ts'

/** What next-auth and its siblings are made of, with each of its checks on. */
const server = await aTlsServer(t, { clock: aRunningClock() })
const alice = await server.aPerson('alice', { name: 'Alice Archer', email: 'alice@example.com' })
const site = 'https://site.example'
const redirect_uri = `${site}/auth/callback/tessera`

type Profile = { readonly sub: string; readonly name?: string; readonly email?: string }
type Provider = OIDCConfig<Profile>

/** A browser at such a site: its cookies, and what the site logged. */
const atSite = (app: App, provider: Partial<Provider> = {}) => {
  const cookies = new Map<string, string>()
  const errors: string[] = []
  const config: AuthConfig = {
    basePath: '/auth',
    trustHost: true,
    secret: 'a secret of the site that is long enough',
    useSecureCookies: true,
    logger: {
      error: (error) =>
        void errors.push(`${error.name} ${error.cause instanceof Object ? JSON.stringify(error.cause, said) : ''}`),
      warn() {},
    },
    callbacks: {
      session: ({ session, token }) => ({ ...session, subject: token.sub, refreshToken: token.refresh_token }),
      jwt: ({ token, account }) => ({ ...token, ...(account && { refresh_token: account.refresh_token }) }),
      redirect: ({ url }) => url,
    },
    providers: [
      {
        id: 'tessera',
        name: 'Tessera',
        type: 'oidc',
        issuer: server.issuer,
        clientId: app.client_id,
        ...(app.secret !== undefined && { clientSecret: app.secret }),
        checks: ['pkce', 'state', 'nonce'],
        authorization: { params: { scope: 'openid profile email offline_access' } },
        profile: ({ sub, name, email }) => ({ id: sub, name: name ?? null, email: email ?? null }),
        ...provider,
      },
    ],
  }
  const send = async (path: string, form?: Record<string, string>) => {
    const headers = { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') }
    const init = form ? { method: 'POST', body: new URLSearchParams(form), headers } : { headers }
    const response = await Auth(new Request(new URL(path, site), init), config)
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      value === '' ? cookies.delete(name) : cookies.set(name, value)
    }
    return response
  }
  return {
    cookies,
    errors,
    send,
    /** @returns where the site sends the browser */
    async begin() {
      const { csrfToken } = await (await send('/auth/csrf')).json()
      const form = { csrfToken: String(csrfToken), callbackUrl: `${site}/in` }
      return new URL((await send('/auth/signin/tessera', form)).headers.get('location') ?? '')
    },
    /** @returns where the site leads from its callback */
    async finish(back: URL) {
      return (await send(back.href)).headers.get('location') ?? ''
    },
    session: async () => (await send('/auth/session')).json(),
  }
}

const said = (_key: string, value: unknown) => (value instanceof Error ? { ...value, message: value.message } : value)

const common = { redirect_uris: [redirect_uri] }

t.test('@auth/core: pkce, state and nonce are sent and checked, the person comes from userinfo', async (t) => {
  const site = atSite(await server.anApp(common), { idToken: false })
  const url = await site.begin()
  for (const sent of ['code_challenge', 'state', 'nonce']) t.ok(url.searchParams.get(sent), sent)
  t.equal(url.searchParams.get('code_challenge_method'), 'S256')
  t.equal(await site.finish(await walkBack(server.visitor(), alice, url)), 'https://site.example/in')
  const session = { user: { name: 'Alice Archer', email: 'alice@example.com' }, refreshToken: /^tsr_/ }
  t.match(await site.session(), session)
  t.same(site.errors, [])
})

t.test('@auth/core: the person comes from the ID token itself, for a client that asks for it', async (t) => {
  const site = atSite(await server.anApp({ ...common, id_token_scope_claims: true }))
  await site.finish(await walkBack(server.visitor(), alice, await site.begin()))
  t.match(await site.session(), { user: { name: 'Alice Archer', email: 'alice@example.com' } })
})

const ways = {
  client_secret_basic: {},
  client_secret_post: { client: { token_endpoint_auth_method: 'client_secret_post' } },
  none: { client: { token_endpoint_auth_method: 'none' } },
}
for (const [token_endpoint_auth_method, provider] of Object.entries(ways))
  t.test(`@auth/core: ${token_endpoint_auth_method}`, async (t) => {
    const site = atSite(await server.anApp({ ...common, token_endpoint_auth_method }), provider)
    await site.finish(await walkBack(server.visitor(), alice, await site.begin()))
    t.match(await site.session(), { subject: String })
    t.same(site.errors, [])
  })

t.test('@auth/core: private_key_jwt names two audiences, which a client has to be registered for', async (t) => {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
  const provider: Partial<Provider> = {
    client: { token_endpoint_auth_method: 'private_key_jwt' },
    token: { clientPrivateKey: privateKey },
  }
  const keyed = {
    ...common,
    token_endpoint_auth_method: 'private_key_jwt',
    jwks: { keys: [await exportJWK(publicKey)] },
  }
  const lax = atSite(await server.anApp({ ...keyed, assertion_audience: 'issuer_or_endpoint' }), provider)
  await lax.finish(await walkBack(server.visitor(), alice, await lax.begin()))
  t.match(await lax.session(), { subject: String })

  const strict = atSite(await server.anApp(keyed), provider)
  t.match(await strict.finish(await walkBack(server.visitor(), alice, await strict.begin())), 'error=Configuration')
  t.equal(await strict.session(), null, 'T3: the issuer alone, by default')
})

t.test('@auth/core: an answer that is not the one it asked for logs nobody in', async (t) => {
  const app = await server.anApp(common)
  const changed = async (change: (back: URL) => void) => {
    const site = atSite(app)
    const back = await walkBack(server.visitor(), alice, await site.begin())
    change(back)
    t.match(await site.finish(back), 'error=Configuration')
    t.equal(await site.session(), null)
    return site.errors.join()
  }
  t.match(await changed(({ searchParams }) => searchParams.set('state', 'another')), /state/i)
  t.match(await changed(({ searchParams }) => searchParams.set('iss', 'https://other.example')), /iss/)
  t.match(await changed(({ searchParams }) => searchParams.delete('iss')), /iss/, 'RFC 9207: it was promised')
  t.match(await changed(({ searchParams }) => searchParams.set('code', 'another')), /invalid_grant/)

  const theirs = atSite(app)
  const ours = atSite(app)
  await ours.begin()
  const back = await walkBack(server.visitor(), alice, await theirs.begin())
  await ours.finish(back)
  t.equal(await ours.session(), null, "the code of another's browser")
})
