import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { scenarios } from './scenarios.mjs'
import { startServer } from './server.mjs'

const within = (path) => fileURLToPath(new URL(`peers/${path}`, import.meta.url))

const resource = 'https://api.example.test'
const redirect_uri = 'http://127.0.0.1:9/cb'
const machine = { grant_types: ['client_credentials'], response_types: [], redirect_uris: [] }
const app = { grant_types: ['authorization_code', 'refresh_token'], redirect_uris: [redirect_uri] }

/** Scopes without offline_access: its refresh tokens outlive the session anyway, and it would ask for consent again. */
const oidcProvider = {
  entry: within('oidc-provider.mjs'),
  clients: {
    machine: { metadata: machine, scope: 'api', resource },
    app: { metadata: app, scope: 'api', resource },
    openid: { metadata: app, scope: 'openid profile email api', resource },
    // Without a resource its access tokens are opaque: it introspects no others, and takes no others at userinfo.
    opaque: { metadata: app, scope: 'openid profile email' },
    introspector: { metadata: machine },
  },
  paths: {
    authorize: '/auth',
    token: '/token',
    introspect: '/token/introspection',
    userinfo: '/me',
    jwks: '/jwks',
    discovery: '/.well-known/openid-configuration',
  },
  // It verifies no passwords.
  scenarios: Object.keys(scenarios).filter((name) => name !== 'code_flow_argon2'),
}

export const peers = { 'oidc-provider': oidcProvider }

/** A server to compare with, as a process of its own on a database of its own. */
export const startPeer = async (name, database) => {
  const { entry, clients: described, paths, scenarios } = peers[name]
  const manifest = within(`node_modules/${name}/package.json`)
  if (!existsSync(manifest)) throw new Error(`${name} is not installed: npm ci --prefix bench/peers`)
  const { version } = JSON.parse(readFileSync(manifest, 'utf8'))

  const clients = {}
  const registered = []
  for (const [role, { metadata, scope, resource }] of Object.entries(described)) {
    const credentials = { client_id: `bench-${role}`, client_secret: randomBytes(32).toString('base64url') }
    registered.push({ ...credentials, ...metadata })
    clients[role] = { ...credentials, redirect_uri, scope, resource }
  }
  const env = { DATABASE_URL: await database.create(name), CLIENTS: JSON.stringify(registered) }
  const server = await startServer({ entry, env })
  const target = { origin: server.origin, paths, clients, forms: {}, visitor: () => ({}) }
  const pids = { server: server.pid, postgres: database.pid }
  return { name, version, application: name, target, pids, scenarios, database, stop: server.stop }
}
