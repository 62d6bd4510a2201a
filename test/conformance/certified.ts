import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Test } from 'tap'
import { Agent, fetch as fetchBy } from 'undici'
import { signingAlgorithms } from '../../src/oauth/client.ts'
import { isRecord } from '../../src/record.ts'
import { anAuthority, type Issued } from '../support/client-certificates.ts'
import { freePort } from '../support/free-port.mjs'
import type { App } from '../support/server.ts'
import { aTlsServer } from '../support/tls-server.ts'
import type { Page, Visitor } from '../support/visitor.ts'

export type Answered = { readonly status: number; readonly body: Readonly<Record<string, unknown>> }

/** A FAPI 2.0 client that authenticates by its certificate, and whose tokens are bound to it (RFC 8705). */
export type CertifiedClient = App & {
  parameters(changes?: Record<string, string>): {
    readonly parameters: Record<string, string>
    readonly verifier: string
  }
  /** To an endpoint's address for certificates, by its name in the metadata. @param by null shows none */
  send(
    endpoint: string,
    form?: Record<string, string>,
    how?: { readonly by?: Issued | null; readonly headers?: Record<string, string>; readonly method?: string },
  ): Promise<Answered>
  push(parameters: Record<string, string>): Promise<Answered>
  pushedUrl(answer: Answered, more?: Record<string, string>): string
  /** Pushed and answered. */
  ask(changes?: Record<string, string>): Promise<{ readonly page: Page; readonly verifier: string }>
  redeem(code: string, verifier: string, more?: Record<string, string>): Promise<Answered>
  login(changes?: Record<string, string>): Promise<Answered>
}

export const codeOf = ({ leaves }: Page): string => leaves?.searchParams.get('code') ?? ''

/** Enters the password where it is asked for. */
export const loggingIn = async (visitor: Visitor, url: string, person: { username: string; password: string }) => {
  const page = await visitor.visit(url)
  const { username, password } = person
  return page.forms.some(({ id }) => id === 'login-form')
    ? visitor.submit('login-form', { username, password }, 'login-submit')
    : page
}

export const aServerForCertificates = async (t: Test) => {
  const authority = await anAuthority()
  const MTLS_CA_FILE = join(t.testdir(), 'authorities.pem')
  await writeFile(MTLS_CA_FILE, authority.pem)
  const MTLS_PORT = String(await freePort())
  const server = await aTlsServer(t, { env: { SIGNING_ALGORITHMS: signingAlgorithms.join(), MTLS_PORT, MTLS_CA_FILE } })
  const { body: discovery } = await server.get('/.well-known/openid-configuration')
  const aliases = isRecord(discovery.mtls_endpoint_aliases) ? discovery.mtls_endpoint_aliases : {}
  const person = await server.aPerson('alice', { email: 'alice@example.com' })
  const visitor = server.visitor()
  const agents = new Map<Issued | null, Agent>()
  t.teardown(() => Promise.all([...agents.values()].map((agent) => agent.close())))
  const agentOf = (issued: Issued | null): Agent => {
    const own = { ca: server.certificate.ca, ...(issued && { cert: issued.pem, key: issued.key }) }
    const agent = agents.get(issued) ?? new Agent({ connect: own })
    agents.set(issued, agent)
    return agent
  }

  const aClient = async (name: string): Promise<CertifiedClient> => {
    const certificate = await authority.issue({ subject: `O=Bank, CN=${name}` })
    const app = await server.anApp({
      profile: 'fapi2',
      first_party: true,
      token_endpoint_auth_method: 'tls_client_auth',
      tls_client_auth_subject_dn: `CN=${name},O=Bank`,
      tls_client_certificate_bound_access_tokens: true,
    })
    const { client_id } = app
    const client: CertifiedClient = {
      ...app,
      parameters(changes = {}) {
        const { url, verifier } = server.authorizeUrl(app, { scope: 'openid', ...changes })
        return { parameters: Object.fromEntries(new URL(url).searchParams), verifier }
      },
      async send(endpoint, form, { by = certificate, headers = {}, method = form ? 'POST' : 'GET' } = {}) {
        const body = form && { body: new URLSearchParams(form) }
        const answer = await fetchBy(String(aliases[endpoint]), { method, headers, dispatcher: agentOf(by), ...body })
        const text = await answer.text()
        const parsed: unknown = answer.headers.get('content-type')?.includes('json') ? JSON.parse(text) : { text }
        return { status: answer.status, body: isRecord(parsed) ? parsed : {} }
      },
      push: (parameters) => client.send('pushed_authorization_request_endpoint', { client_id, ...parameters }),
      pushedUrl: ({ body }, more = {}) => {
        const query = new URLSearchParams({ client_id, request_uri: String(body.request_uri), ...more })
        return `${discovery.authorization_endpoint}?${query}`
      },
      async ask(changes) {
        const { parameters, verifier } = client.parameters(changes)
        const answer = await client.push(parameters)
        if (answer.status !== 201) throw new Error(JSON.stringify(answer))
        return { page: await loggingIn(visitor, client.pushedUrl(answer), person), verifier }
      },
      redeem(code, code_verifier, more = {}) {
        const { redirectUri: redirect_uri } = app
        const form = { grant_type: 'authorization_code', client_id, code, redirect_uri, code_verifier, ...more }
        return client.send('token_endpoint', form)
      },
      async login(changes) {
        const { page, verifier } = await client.ask(changes)
        return client.redeem(codeOf(page), verifier)
      },
    }
    return client
  }
  const issue = (name: string) => authority.issue({ subject: `O=Bank, CN=${name}` })
  return { server, discovery, aliases, person, visitor, aClient, issue }
}
