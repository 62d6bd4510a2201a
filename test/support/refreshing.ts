import { withClient } from './database.ts'
import { dumpOf, standingTables } from './dump.ts'
import { type Answer, type App, claims, type TestServer, type Tokens } from './server.ts'

export const api = 'https://api.example'
export const files = 'https://files.example'
export const refused = { status: 400, body: { error: 'invalid_grant' } }

/** A person with a browser, two apps that may refresh, and the verbs of a refresh. */
export const aRefreshScene = async (server: TestServer) => {
  const alice = await server.aPerson('alice')
  const visitor = server.visitor()
  const anApp = (metadata: Record<string, unknown> = {}) =>
    server.anApp({ first_party: true, resources: [api, files], ...metadata })
  const logIn = (app: App, parameters?: Record<string, string>): Promise<Tokens> =>
    server.logIn(alice, app, parameters, visitor)
  /** Two resources: what a person grants without naming any is the default one alone. */
  const logInToBoth = async (): Promise<Tokens> => {
    const { url, verifier } = server.authorizeUrl(confidential)
    const { leaves } = await visitor.visit(
      `${url}&${new URLSearchParams([
        ['resource', api],
        ['resource', files],
      ])}`,
    )
    const { body } = await server.redeem(confidential, leaves?.searchParams.get('code') ?? '', verifier, {
      resource: api,
    })
    const { access_token, refresh_token, id_token } = body
    return {
      access_token: String(access_token),
      refresh_token: String(refresh_token),
      id_token: String(id_token),
      expires_in: Number(body.expires_in),
      scope: String(body.scope),
    }
  }
  const rotate = async (app: App, token: string, more?: Record<string, string>): Promise<Answer> => {
    const answer = await server.refresh(app, token, more)
    if (answer.status !== 200) throw new Error(`the refresh was refused: ${JSON.stringify(answer.body)}`)
    return answer
  }
  const familyIdOf = (token: unknown): string => String(claims(token).jti).slice(0, 36)
  const familyOf = async (token: unknown) => {
    const family = await server.stores.families.find(familyIdOf(token))
    if (!family) throw new Error('the family is gone')
    return family
  }
  const endings = async (token: unknown) => {
    const family = familyIdOf(token)
    const events = await server.stores.events.list({ limit: 500 })
    return events.filter(({ kind, familyId }) => kind === 'family_revoked' && familyId === family)
  }
  const eventsOf = async (token: unknown) =>
    [...(await server.stores.events.list({ familyId: familyIdOf(token), limit: 500 }))].reverse()
  /** What the person is told of the family. */
  const noticesOf = (token: unknown): Promise<readonly string[]> =>
    withClient(server.databaseUrl, async (client) => {
      const text = 'SELECT kind FROM notices WHERE family_id = $1'
      const { rows } = await client.query<{ kind: string }>(text, [familyIdOf(token)])
      return rows.map(({ kind }) => kind)
    })
  /** As a proxy that the server trusts passes it on. */
  const refreshFrom = (
    { ip, userAgent }: { readonly ip: string; readonly userAgent: string },
    app: App,
    token: string,
    more: Record<string, string> = {},
  ): Promise<Answer> =>
    server.post('/oauth2/token', { grant_type: 'refresh_token', refresh_token: token, ...more }, app, {
      'x-forwarded-for': ip,
      'user-agent': userAgent,
    })
  const standing = () => dumpOf(server.databaseUrl, standingTables)
  const isActive = async (app: App, token: unknown) => (await server.introspect(app, String(token))).active
  const confidential = await anApp()
  const browserApp = await anApp({ token_endpoint_auth_method: 'none' })
  return {
    alice,
    visitor,
    anApp,
    logIn,
    logInToBoth,
    rotate,
    familyIdOf,
    familyOf,
    endings,
    eventsOf,
    noticesOf,
    refreshFrom,
    standing,
    isActive,
    confidential,
    browserApp,
  }
}
