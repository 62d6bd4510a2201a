import type { KeyObject } from 'node:crypto'
import { adminToken, anAdminClient, setAdmin } from '../support/administrator.ts'
import type { Issued } from '../support/client-certificates.ts'
import { key as clientKey } from '../support/fapi.ts'
import type { ProofKey } from '../support/proofs.ts'
import type { TestServer } from '../support/server.ts'
import { crawl } from './crawl.ts'
import { protocol, type Recipe } from './protocol.ts'
import type { Pair } from './shot.ts'

/** People, clients and tokens that live, and every request that would be served to them. */
export type World = {
  readonly recipes: readonly Recipe[]
  /** What can be put in another's place. */
  readonly vocabulary: readonly string[]
  /** What no log may hold. */
  readonly secrets: readonly string[]
  keyFor(header: Record<string, unknown>): KeyObject
}

let worlds = 0

export const aWorld = async (
  server: TestServer,
  { key, certificate }: { readonly key: ProofKey; readonly certificate: Issued },
): Promise<World> => {
  worlds++
  const [person, root] = [await server.aPerson(`alice-${worlds}`), await server.aPerson(`root-${worlds}`)]
  await setAdmin(server, root, true)
  const [visitor, stranger, administrator] = [server.visitor(), server.visitor(), server.visitor()]
  // Whose forms end what they say.
  const leaver = server.visitor()
  await server.authorize(person, await server.anApp(), {}, leaver)
  const spoken = await protocol(server, { person, visitor, leaver, key, certificate })

  const typed = { username: person.username, password: person.password, user_code: 'BCDFGHJK' }
  const asks = await server.anApp({ client_name: 'Asks' })
  const toConsent = server.authorizeUrl(asks, { prompt: 'consent' }).url
  await administrator.visit('/admin/people')
  const { username, password } = root
  await administrator.submit('login-form', { username, password }, 'login-submit')
  const inside = ['families', 'sessions', 'clients', 'events', 'logouts', `revoke?kind=user&id=${person.id}`]
  const pages = [
    ...(await crawl(
      server,
      stranger,
      [toConsent, '/', '/account', '/device', '/demo', '/account/new-password'],
      typed,
    )),
    ...(await crawl(server, visitor, [toConsent, '/account', '/device'], typed)).filter(
      ({ method }) => method === 'GET',
    ),
    ...(await crawl(server, leaver, [toConsent, '/account', '/logout', '/device', '/account/not-me'], typed)),
    ...(await crawl(server, administrator, ['/admin/people', ...inside.map((each) => `/admin/${each}`)], typed)),
  ]

  const token = await adminToken(server, await anAdminClient(server))
  const bearer: readonly Pair[] = [['authorization', `Bearer ${token}`]]
  const lists = ['sessions', 'families', 'users', 'clients', 'events', 'openapi.json']
  const api: readonly Recipe[] = [
    ...lists.map(
      (list): Recipe =>
        async () => ({
          route: `/api/v1/${list}`,
          method: 'GET',
          path: `/api/v1/${list}`,
          query: [
            ['limit', '10'],
            ['q', 'alice'],
          ],
          headers: bearer,
        }),
    ),
    async () => ({
      route: '/api/v1/revocations',
      method: 'POST',
      path: '/api/v1/revocations',
      query: [],
      headers: bearer,
      body: { json: { target: { kind: 'user', id: person.id }, preview: true } },
    }),
  ]
  const secrets = [...spoken.secrets, token, password]
  return {
    recipes: [
      ...spoken.recipes,
      ...pages.map(
        (shot): Recipe =>
          async () =>
            shot,
      ),
      ...api,
    ],
    secrets: secrets.filter((secret) => secret.length >= 8),
    vocabulary: [...secrets, asks.client_id, asks.redirectUri, person.id, person.username, root.id, server.issuer],
    keyFor: ({ typ }) => (typ === 'dpop+jwt' ? key.privateKey : clientKey.privateKey),
  }
}
