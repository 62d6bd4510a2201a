import { createHash, randomBytes, randomUUID } from 'node:crypto'
import argon2 from 'argon2'
import { argon2id } from '../dist/identity/password.js'
import { parseUsername } from '../dist/identity/username.js'
import { checkMetadata } from '../dist/oauth/registration.js'
import { openDatabase } from '../dist/storage/database.js'
import { createStores } from '../dist/storage/stores.js'

const password = 'correct horse battery staple'
const resource = 'https://api.example.test'
const redirect_uri = 'http://127.0.0.1:9/cb'
/** More people than virtual clients, since the throttle counts what one account has in flight. */
const people = 64

export const pushers = Array.from({ length: 8 }, (_, at) => `pusher-${at}`)
const app = {
  grant_types: ['authorization_code', 'refresh_token'],
  redirect_uris: [redirect_uri],
  scope: 'api offline_access',
  resources: [resource],
}
const metadata = {
  machine: { grant_types: ['client_credentials'], scope: 'api', resources: [resource] },
  app,
  // So many that none comes to the end of what one may push in a minute.
  ...Object.fromEntries(pushers.map((name) => [name, app])),
  bound: { ...app, dpop_bound_access_tokens: true },
  openid: {
    grant_types: ['authorization_code', 'refresh_token'],
    redirect_uris: [redirect_uri],
    scope: 'openid profile email api offline_access',
    resources: [resource],
  },
  introspector: { grant_types: ['client_credentials'], scope: 'api', resources: [resource], introspect: 'all' },
}

/**
 * Clients and people, put there through the server's own stores.
 *
 * Half of the people have a password hashed at argon2's lowest cost: 20 ms of hashing would drown the 2 ms of a flow
 * that are to be measured, and subtracting one from the other would leave noise. The other half have it at the server's
 * own cost, for the figure with it.
 */
export const seed = async (url) => {
  const now = new Date()
  const database = openDatabase({ url, poolSize: 4, statementTimeoutMs: 10_000, onError: () => {} })
  const stores = createStores(database, { log: { warn() {} } })
  try {
    const clients = {}
    for (const [name, described] of Object.entries(metadata)) {
      const client_secret = randomBytes(32).toString('base64url')
      const hash = createHash('sha256').update(client_secret).digest()
      const secret = { id: randomUUID(), hash, createdAt: now, expiresAt: undefined }
      const client_id = `bench-${name}`
      await stores.clients.create(
        client_id,
        checkMetadata({ client_name: `Bench ${name}`, ...described }),
        [secret],
        now,
      )
      clients[name] = { client_id, client_secret, redirect_uri, scope: described.scope, resource }
    }
    const slow = await argon2id.hash(password, randomBytes(16))
    const quick = await argon2.hash(password, { type: argon2.argon2id, memoryCost: 8, timeCost: 1, parallelism: 1 })
    for (const [prefix, passwordHash] of Object.entries({ quick, slow }))
      for (let index = 0; index < people; index++) {
        const { display, key } = parseUsername(`${prefix}-${index}`)
        const claims = { name: `Person ${index}`, email: `${prefix}-${index}@example.test`, email_verified: true }
        const person = { id: randomUUID(), username: display, usernameKey: key, passwordHash, claims, admin: false }
        await stores.users.create({ ...person, createdAt: now })
      }
    return {
      clients,
      slow,
      password,
      visitor: (index) => ({ username: `quick-${index % people}`, password }),
      slowVisitor: (index) => ({ username: `slow-${index % people}`, password }),
    }
  } finally {
    await database.close()
  }
}
