import { type App, claims, type Person, type TestServer, type Tokens } from './server.ts'
import type { Visitor } from './visitor.ts'

/** A person's browser, logged in to an app, with a second code of that app that nobody has redeemed yet. */
export type Member = {
  readonly visitor: Visitor
  readonly sessionId: string
  readonly tokens: Tokens
  readonly pending: { readonly code: string; readonly verifier: string }
}

export const aMember = async (
  server: TestServer,
  person: Person,
  app: App,
  parameters: Record<string, string> = {},
): Promise<Member> => {
  const visitor = server.visitor()
  const tokens = await server.logIn(person, app, parameters, visitor)
  const { to, verifier } = await server.authorize(person, app, parameters, visitor)
  const pending = { code: to.searchParams.get('code') ?? '', verifier }
  return { visitor, sessionId: String(claims(tokens.id_token).sid), tokens, pending }
}

/** What is left of it, at any of the servers. The tokens are used up by looking. */
export const leftOf = async (server: TestServer, app: App, { visitor, tokens, pending }: Member) => ({
  session: (await visitor.send('/account')).status === 200,
  access: (await server.introspect(app, tokens.access_token)).active === true,
  refresh: (await server.refresh(app, tokens.refresh_token)).status === 200,
  code: (await server.redeem(app, pending.code, pending.verifier)).status === 200,
})

export const allLeft = { session: true, access: true, refresh: true, code: true }
export const nothingLeft = { session: false, access: false, refresh: false, code: false }
