import { randomBytes } from 'node:crypto'
import { administratorResource, administratorScope } from '../../src/oauth/administrator-scope.ts'
import { checkMetadata } from '../../src/oauth/registration.ts'
import { aSecret } from './clients.ts'
import { withClient } from './database.ts'
import type { Answer, App, Person, TestServer } from './server.ts'

export const setAdmin = (server: TestServer, person: Person, admin: boolean) =>
  withClient(server.databaseUrl, (client) =>
    client.query('UPDATE users SET admin = $2 WHERE id = $1', [person.id, admin]),
  )

export const anAdministrator = async (server: TestServer, username = 'root'): Promise<Person> => {
  const person = await server.aPerson(username)
  await setAdmin(server, person, true)
  return person
}

/** As `tessera client create --admin-api` makes it. */
export const anAdminClient = async (server: TestServer, metadata: Record<string, unknown> = {}): Promise<App> => {
  const client_id = `admin-${randomBytes(6).toString('hex')}`
  const secret = randomBytes(32).toString('base64url')
  const checked = checkMetadata(
    {
      client_name: 'The console of somebody',
      grant_types: ['client_credentials'],
      scope: administratorScope,
      resources: [administratorResource(server.issuer)],
      ...metadata,
    },
    'operator',
  )
  await server.stores.clients.create(client_id, checked, [aSecret(secret)], server.clock.now())
  return { client_id, secret, redirectUri: checked.redirect_uris[0] ?? 'https://app.example/cb' }
}

export const adminToken = async (server: TestServer, app: App, more: Record<string, string> = {}): Promise<string> => {
  const { status, body } = await server.post('/oauth2/token', { grant_type: 'client_credentials', ...more }, app)
  if (status !== 200) throw new Error(`no token: ${JSON.stringify(body)}`)
  return String(body.access_token)
}

/** Calls the API with one token. @param body sent as JSON, by POST; a string is sent as it is */
export const aCaller =
  (server: TestServer, token: string | undefined) =>
  async (path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> => {
    const response = await fetch(`${server.base}/api/v1${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    return { status: response.status, headers: response.headers, body: JSON.parse(await response.text()) }
  }
