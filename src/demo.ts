import { createHash, createHmac } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { Clock } from './clock.ts'
import type { Passwords } from './identity/password.ts'
import type { UserStore } from './identity/stores.ts'
import { parseUsername } from './identity/username.ts'
import type { Client, ClientMetadata, ClientSecret } from './oauth/client.ts'
import { checkMetadata } from './oauth/registration.ts'
import type { Random } from './random.ts'

/** Who may log in to a development server. The password is public, so production refuses the demo. */
export const demoPerson = {
  username: 'alice',
  password: 'open sesame',
  claims: {
    name: 'Alice Example',
    given_name: 'Alice',
    family_name: 'Example',
    preferred_username: 'alice',
    email: 'alice@example.com',
    email_verified: true,
    locale: 'en',
    zoneinfo: 'Europe/Paris',
  },
} as const

export const demoClientIds = ['demo-app', 'demo-machine'] as const
export type DemoClientId = (typeof demoClientIds)[number]
/** Has no secret: it is a page. */
export const demoSpaId = 'demo-spa'

/** Where the demo lives, below the issuer. */
export const demoAddresses = (issuer: string) => ({
  home: `${issuer}/demo/`,
  callback: `${issuer}/demo/callback`,
  api: `${issuer}/demo/api`,
  spa: `${issuer}/demo/spa`,
})

export const demoScope = 'demo:read'
export const demoScopeOfApp = `openid profile email offline_access ${demoScope}`

/** A login in a browser ends with its session: no `offline_access`. */
export const demoScopeOfSpa = `openid profile ${demoScope}`

const metadataOfSpa = (issuer: string): ClientMetadata => {
  const { spa, api } = demoAddresses(issuer)
  return checkMetadata({
    client_name: 'Demo single-page app',
    token_endpoint_auth_method: 'none',
    first_party: true,
    grant_types: ['authorization_code', 'refresh_token'],
    redirect_uris: [spa],
    post_logout_redirect_uris: [spa],
    scope: demoScopeOfSpa,
    resources: [api],
    refresh_token_delivery: 'cookie',
    access_token_lifetime: 120,
    stale: 'refuse',
    // Each reload asks for a token while the last one is fresh.
    early_refresh: 'allow',
  })
}

const metadataOf = (id: DemoClientId, issuer: string): ClientMetadata => {
  const { home, callback, api } = demoAddresses(issuer)
  return checkMetadata(
    id === 'demo-app'
      ? {
          client_name: 'Demo app',
          grant_types: ['authorization_code', 'refresh_token'],
          redirect_uris: [callback],
          post_logout_redirect_uris: [home],
          scope: demoScopeOfApp,
          resources: [api],
        }
      : {
          client_name: 'Demo machine',
          grant_types: ['client_credentials'],
          scope: demoScope,
          resources: [api],
        },
  )
}

/**
 * Derived from this machine's own key: every start can show it again, and none of it is stored in the clear.
 * @param key the secret that signs cookies; another key gives other secrets
 */
export const demoSecrets =
  (key: Buffer) =>
  (id: DemoClientId): string =>
    createHmac('sha256', key).update(`tessera demo client\0${id}`).digest('base64url')

/** One line for a shell that asks for a token and shows it. */
export const demoCurl = (issuer: string, secret: string): string =>
  `curl -u demo-machine:${secret} -d grant_type=client_credentials ${issuer}/oauth2/token`

/** What seeding asks of storage, each an atomic act; `create` refuses what exists already. */
export type DemoClientStore = {
  find(clientId: string): Promise<Client | undefined>
  create(clientId: string, metadata: ClientMetadata, secrets: readonly ClientSecret[], now: Date): Promise<unknown>
  update(clientId: string, metadata: ClientMetadata, now: Date): Promise<unknown>
  addSecret(clientId: string, secret: ClientSecret): Promise<boolean>
}

export type DemoSeed = {
  readonly stores: { readonly users: Pick<UserStore, 'findByUsername' | 'create'>; readonly clients: DemoClientStore }
  readonly passwords: Pick<Passwords, 'hash'>
  readonly secretOf: (id: DemoClientId) => string
  readonly issuer: string
  readonly clock: Clock
  readonly random: Random
}

/**
 * Creates what is missing and mends what another ISSUER or another key left behind; nothing that a person changed is
 * touched, their password least of all. Two processes may do this at once.
 */
export const seedDemo = async (seed: DemoSeed): Promise<void> => {
  await seedPerson(seed)
  for (const id of demoClientIds) await seedClient(id, metadataOf(id, seed.issuer), seed.secretOf(id), seed)
  await seedClient(demoSpaId, metadataOfSpa(seed.issuer), undefined, seed)
}

const seedPerson = async ({ stores: { users }, passwords, clock, random }: DemoSeed): Promise<void> => {
  const username = parseUsername(demoPerson.username)
  if (!username) throw new Error('the name of the demo person is none')
  const exists = async () => (await users.findByUsername(username.key)) !== undefined
  if (await exists()) return
  const person = {
    id: random.uuid(),
    username: username.display,
    usernameKey: username.key,
    passwordHash: await passwords.hash(demoPerson.password),
    claims: demoPerson.claims,
    admin: false,
    createdAt: clock.now(),
  }
  await createdByAnyone(() => users.create(person), exists)
}

const seedClient = async (
  id: string,
  metadata: ClientMetadata,
  secretText: string | undefined,
  { stores: { clients }, clock, random }: DemoSeed,
): Promise<void> => {
  const now = clock.now()
  const secrets = secretText === undefined ? [] : [secretOf(secretText, random.uuid(), now)]
  const known = await clients.find(id)
  if (!known) {
    const exists = async () => (await clients.find(id)) !== undefined
    return createdByAnyone(() => clients.create(id, metadata, secrets, now), exists)
  }
  if (!isDeepStrictEqual(addressesOf(known), addressesOf(metadata))) {
    const { client_id, secrets, disabledAt, notBefore, createdAt, ...kept } = known
    await clients.update(id, { ...kept, ...addressesOf(metadata) }, now)
  }
  for (const secret of secrets) {
    const isKnown = known.secrets.some((one) => one.hash.equals(secret.hash) && (!one.expiresAt || one.expiresAt > now))
    if (!isKnown) await clients.addSecret(id, secret)
  }
}

const secretOf = (text: string, id: string, createdAt: Date): ClientSecret => {
  const hash = createHash('sha256').update(text).digest()
  return { id, hash, createdAt, expiresAt: undefined }
}

/** Only these follow ISSUER; whatever else somebody changed to try something stays as they left it. */
const addressesOf = ({ redirect_uris, post_logout_redirect_uris, resources }: ClientMetadata | Client) => ({
  redirect_uris,
  post_logout_redirect_uris,
  resources,
})

/** Two processes that start at once both find nothing, and the database lets one of them create it. */
const createdByAnyone = async (create: () => Promise<unknown>, exists: () => Promise<boolean>): Promise<void> => {
  try {
    await create()
  } catch (error) {
    if (!(await exists())) throw error
  }
}
