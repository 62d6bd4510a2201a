import { checkMetadata } from '../../src/oauth/registration.ts'
import { aSecret } from '../support/clients.ts'
import type { Lifetime } from '../support/database.ts'
import { aServer, challengeOf } from '../support/server.ts'
import { aVisitor, type Visitor } from '../support/visitor.ts'
import { api, type ClientName, clientNames, metadata, redirectUri, secretOf } from './clients.ts'
import { aPeer } from './peer.ts'

export const verifier = 'the-verifier-of-every-request-that-is-compared-here'

/** One of the two servers. */
export type Party = {
  readonly name: 'ours' | 'theirs'
  readonly issuer: string
  visitor(): Visitor
  /** Seconds. */
  now(): number
  /** Time goes by, so that nobody asks too often. */
  wait(seconds: number): void
  /** What the page at this address of its own asks for. */
  pageAt(url: URL): Promise<string>
  /** All the way to the code, by whatever pages. */
  codeFor(client: ClientName, visitor: Visitor, address: string): Promise<string>
}
export type Parties = { readonly ours: Party; readonly theirs: Party; readonly faults: readonly Error[] }

/** Both servers with the same clients. */
export const theParties = async (t: Lifetime): Promise<Parties> => {
  const server = await aServer(t, { logLevel: 'silent', env: { REGISTRATION: 'open' } })
  const alice = await server.aPerson('alice')
  for (const name of clientNames) {
    const checked = checkMetadata({
      client_name: name,
      ...metadata[name],
      resources: [api],
      ...(name === 'fapi' && { profile: 'fapi2' }),
    })
    const secret = secretOf(name)
    await server.stores.clients.create(name, checked, secret === undefined ? [] : [aSecret(secret)], server.clock.now())
  }
  const peer = await aPeer(
    t,
    clientNames.map((name) => ({ ...metadata[name], client_id: name, client_secret: secretOf(name) })),
    api,
  )

  const codeIn = (to: URL | undefined, where: string): string => {
    const code = to?.searchParams.get('code')
    if (!code) throw new Error(`no code, but ${to?.href ?? where}`)
    return code
  }

  return {
    faults: peer.faults,
    ours: {
      name: 'ours',
      issuer: server.issuer,
      visitor: () => server.visitor(),
      now: () => Math.floor(server.clock.now().getTime() / 1000),
      wait: (seconds) => server.clock.advance({ seconds }),
      pageAt: async ({ pathname }) => pathname.slice(1),
      async codeFor(_client, visitor, address) {
        let page = await visitor.visit(address)
        if (page.forms.some(({ id }) => id === 'login-form'))
          page = await visitor.submit(
            'login-form',
            { username: alice.username, password: alice.password },
            'login-submit',
          )
        if (page.forms.some(({ id }) => id === 'consent-form'))
          page = await visitor.submit('consent-form', {}, 'consent-allow')
        return codeIn(page.leaves, `${page.status} ${page.html.slice(0, 1000)}`)
      },
    },
    theirs: {
      name: 'theirs',
      issuer: peer.issuer,
      visitor: () => aVisitor(peer.issuer),
      now: () => Math.floor(Date.now() / 1000),
      wait: () => {},
      pageAt: ({ pathname }) => peer.promptAt(pathname),
      async codeFor(_client, visitor, address) {
        const page = await visitor.visit(address)
        return codeIn(page.leaves, `${page.status} ${page.html.slice(0, 1000)}`)
      },
    },
  }
}

/** A good request for everything that the client may have. */
export const goodRequest = (client: ClientName): URLSearchParams =>
  new URLSearchParams({
    client_id: client,
    redirect_uri: redirectUri,
    response_type: 'code',
    scope: String(metadata[client].scope),
    state: 'the state',
    nonce: 'the nonce',
    code_challenge: challengeOf(verifier),
    code_challenge_method: 'S256',
  })
