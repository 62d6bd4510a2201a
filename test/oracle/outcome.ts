import { decodeJwt } from 'jose'
import { formsOf } from '../support/page.ts'
import type { Page } from '../support/visitor.ts'
import { redirectUri } from './clients.ts'
import type { Party } from './parties.ts'

/** The class of an answer, as text: what the two servers are compared by. */
export type Outcome = string

/** Of the authorization endpoint: `log-in`, `consent`, `page 400`, `query code`, `form_post error=access_denied` ... */
export const authorizationOutcome = async (party: Party, page: Page): Promise<Outcome> => {
  if (page.status >= 300 && page.status < 400 && page.leaves) {
    if (page.leaves.origin !== new URL(party.issuer).origin) return delivered(party, page.leaves)
    return stands(await party.pageAt(page.leaves))
  }
  const posted = formsOf(page.html).find(({ action }) => action === redirectUri)
  // Theirs posts an error with 400.
  if (posted) return described(party, 'form_post', new URLSearchParams(posted.fields))
  return `page ${page.status}`
}

/** One that was asked to choose an account logs in as well. */
const stands = (page: string): Outcome => (page === 'login' || page === 'select_account' ? 'log-in' : page)

const delivered = (party: Party, to: URL): Outcome => {
  if (to.origin + to.pathname !== redirectUri) return `redirect to ${to.origin}`
  return to.hash === ''
    ? described(party, 'query', to.searchParams)
    : described(party, 'fragment', new URLSearchParams(to.hash.slice(1)))
}

const described = (party: Party, mode: string, fields: URLSearchParams): Outcome => {
  const response = fields.get('response')
  if (response !== null) {
    const claims = new URLSearchParams(
      Object.entries(decodeJwt(response)).flatMap(([name, value]) =>
        typeof value === 'string' ? [[name, value]] : [],
      ),
    )
    return described(party, `signed ${mode}`, claims)
  }
  const error = fields.get('error')
  const state = fields.has('state') ? '' : ' without state'
  const issuer = fields.get('iss') === party.issuer ? '' : ' without iss'
  return `${mode} ${error === null ? (fields.has('code') ? 'code' : 'nothing') : error}${state}${issuer}`
}

/** Of the others: `200`, `201`, `400 invalid_grant`, `401 invalid_client`. */
export const jsonOutcome = (page: Page): Outcome => {
  const type = page.headers.get('content-type') ?? ''
  const body: unknown = type.includes('json') && page.html !== '' ? JSON.parse(page.html) : undefined
  const error = fieldOf(body, 'error')
  const active = fieldOf(body, 'active')
  return [page.status, error ?? (active === undefined ? undefined : active ? 'active' : 'inactive')]
    .filter((each) => each !== undefined)
    .join(' ')
}

export const fieldOf = (body: unknown, name: string): unknown =>
  typeof body === 'object' && body !== null ? Object.entries(body).find(([key]) => key === name)?.[1] : undefined
