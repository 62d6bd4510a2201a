import type { Page, Visitor } from '../support/visitor.ts'
import {
  type Authorize,
  applied,
  type Case,
  type Dpop,
  type Proof,
  type Push,
  type Register,
  type Show,
  type Token,
} from './cases.ts'
import { type ClientName, deviceGrantName, redirectUri as redirect_uri } from './clients.ts'
import { authorizationOutcome, jsonOutcome, type Outcome } from './outcome.ts'
import { goodRequest, type Party, verifier } from './parties.ts'
import { dpopHeader, proven, remember } from './proving.ts'

/** Asks one server what a case asks, with codes and tokens of its own. */
export type Asking = (asked: Case) => Promise<Outcome>

export const createAsking = (party: Party): Asking => {
  const known = new Map<ClientName, Visitor>()

  const post = async (path: string, body: string | URLSearchParams, headers: Record<string, string>): Promise<Page> => {
    const url = party.issuer + path
    const response = await fetch(url, { method: 'POST', body, headers, redirect: 'manual' })
    const { status } = response
    return { url, status, headers: response.headers, html: await response.text(), forms: [], leaves: undefined }
  }

  const form = async (
    path: string,
    good: URLSearchParams,
    { client, proof, dpop, changes }: Pick<Push, 'client' | 'proof' | 'dpop' | 'changes'>,
  ): Promise<Page> => {
    await use(path, client, proof, dpop)
    const sent = await proven(party, client, proof, path, applied(good, changes))
    const headers = { ...sent.headers, ...(await dpopHeader(party, dpop, path)) }
    const page = await post(path, sent.form, headers)
    if (page.status < 300) remember(party, client, path, sent.form, headers)
    return page
  }
  /** What is replayed was taken before. */
  const use = async (path: string, client: ClientName, proof: Proof, dpop: Dpop): Promise<void> => {
    const rightly = { proof: 'right', dpop: 'right', changes: [] } as const
    if (proof === 'replayed' || (dpop === 'replayed' && path === '/oauth2/par'))
      await form('/oauth2/par', goodRequest(client), { ...rightly, client })
    if (dpop === 'replayed' && path === '/oauth2/token')
      await form(path, goodGrant({ grant_type: 'client_credentials' }), { ...rightly, client: 'jwt' })
  }
  /** As it should be. */
  const right = async (path: string, client: ClientName, good: URLSearchParams): Promise<Record<string, unknown>> => {
    const page = await form(path, good, { client, proof: 'right', dpop: dpopOf(client), changes: [] })
    const body: unknown = page.html === '' ? {} : JSON.parse(page.html)
    if (page.status >= 300 || typeof body !== 'object' || body === null)
      throw new Error(`${party.name}: ${path} refused what was right: ${page.status} ${page.html}`)
    return Object.fromEntries(Object.entries(body))
  }

  const requestOf = async (client: ClientName, pushed: boolean): Promise<URLSearchParams> => {
    if (!pushed) return goodRequest(client)
    const { request_uri } = await right('/oauth2/par', client, goodRequest(client))
    return new URLSearchParams({ client_id: client, request_uri: String(request_uri) })
  }
  const addressOf = (request: URLSearchParams) => `${party.issuer}/oauth2/authorize?${request}`

  /** Logged in, with consent to everything. */
  const visitorOf = async (client: ClientName): Promise<Visitor> => {
    const found = known.get(client)
    if (found) return found
    const visitor = party.visitor()
    await party.codeFor(client, visitor, addressOf(await requestOf(client, client === 'fapi')))
    known.set(client, visitor)
    return visitor
  }

  const authorize = async ({ client, by, who, pushed, changes }: Authorize): Promise<Outcome> => {
    const good = await requestOf(client, pushed)
    if (who === 'silent' && !pushed) good.set('prompt', 'none')
    const sent = applied(good, changes)
    const visitor = who === 'nobody' || who === 'silent' ? party.visitor() : await visitorOf(client)
    const options = by === 'GET' ? {} : { method: 'POST', body: sent }
    let page = await visitor.send(by === 'GET' ? addressOf(sent) : `${party.issuer}/oauth2/authorize`, options)
    // Ours takes a POST with a redirect to itself.
    if (page.leaves?.pathname === '/oauth2/authorize') page = await visitor.send(page.leaves.href)
    return authorizationOutcome(party, page)
  }

  const codeOf = async (client: ClientName): Promise<string> =>
    party.codeFor(client, await visitorOf(client), addressOf(await requestOf(client, client === 'fapi')))
  const byCode = async (client: ClientName, code: string) =>
    right(
      '/oauth2/token',
      client,
      goodGrant({ grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri }),
    )
  const tokensOf = async (client: ClientName) => byCode(client, await codeOf(client))

  const grantOf = async ({ grant, client }: Pick<Token, 'grant' | 'client'>): Promise<Record<string, string>> => {
    const another = client === 'basic' ? 'public' : 'basic'
    switch (grant) {
      case 'code':
      case "another's code":
      case 'spent code': {
        const code = await codeOf(grant === "another's code" ? another : client)
        if (grant === 'spent code') await byCode(client, code)
        return { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri }
      }
      case 'refresh':
      case "another's refresh":
      case 'spent refresh': {
        const { refresh_token } = await tokensOf(grant === "another's refresh" ? another : client)
        const good = { grant_type: 'refresh_token', refresh_token: String(refresh_token ?? '') }
        if (grant === 'spent refresh') {
          await right('/oauth2/token', client, goodGrant(good))
          party.wait(120)
        }
        return good
      }
      case 'client':
        return { grant_type: 'client_credentials' }
      case 'device':
      case 'device twice':
      case "another's device": {
        const of = grant === "another's device" ? another : client
        const asked = await right(
          '/oauth2/device_authorization',
          of,
          new URLSearchParams({ client_id: of, scope: 'openid read' }),
        )
        const good = { grant_type: deviceGrantName, device_code: String(asked.device_code) }
        if (grant === 'device twice')
          await form('/oauth2/token', new URLSearchParams(good), {
            client,
            proof: 'right',
            dpop: 'absent',
            changes: [],
          })
        return good
      }
    }
  }

  const shownBy = async ({ token, client }: Show): Promise<string> => {
    const another = client === 'basic' ? 'public' : 'basic'
    switch (token) {
      case 'junk':
        return 'junk'
      case 'client':
        return String(
          (await right('/oauth2/token', client, goodGrant({ grant_type: 'client_credentials' }))).access_token,
        )
      case 'access':
      case 'refresh':
        return String((await tokensOf(client))[`${token}_token`])
      case "another's access":
        return String((await tokensOf(another)).access_token)
      case "another's refresh":
        return String((await tokensOf(another)).refresh_token)
      case 'revoked': {
        const { refresh_token } = await tokensOf(client)
        await right('/oauth2/revoke', client, new URLSearchParams({ token: String(refresh_token) }))
        return String(refresh_token)
      }
      case 'spent refresh': {
        const { refresh_token } = await tokensOf(client)
        await right(
          '/oauth2/token',
          client,
          goodGrant({ grant_type: 'refresh_token', refresh_token: String(refresh_token) }),
        )
        return String(refresh_token)
      }
    }
  }

  const register = ({ sent }: Register) => post('/oauth2/register', sent, { 'content-type': 'application/json' })

  return async (asked) => {
    switch (asked.at) {
      case 'authorize':
        return authorize(asked)
      case 'par':
        return jsonOutcome(await form('/oauth2/par', goodRequest(asked.client), asked))
      case 'token':
        return jsonOutcome(await form('/oauth2/token', goodGrant(await grantOf(asked)), asked))
      case 'introspect':
      case 'revoke':
        return jsonOutcome(
          await form(`/oauth2/${asked.at}`, new URLSearchParams({ token: await shownBy(asked) }), asked),
        )
      case 'register':
        return jsonOutcome(await register(asked))
    }
  }
}
const goodGrant = (parameters: Record<string, string>) => new URLSearchParams(parameters)
const dpopOf = (client: ClientName) => (client === 'fapi' ? 'right' : 'absent')
