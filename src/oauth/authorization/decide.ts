import { within } from '../scope.ts'
import type { Consent, Person } from '../stores.ts'
import type { AuthorizationRequest } from './request.ts'

/** What is so at the browser and in the store when the decision is asked for. */
export type Standing = {
  readonly person: Person | undefined
  /** The `sub` by which the client knows that person. */
  readonly subject: string | undefined
  readonly consent: Consent | undefined
  /** The client belongs to the server's owner: its people are not asked for consent. */
  readonly firstParty: boolean
  /** Any app on the device can play this client: it has no secret, and its redirect URI is not a claimed https one. */
  readonly isImitable: boolean
  readonly receivedAt: Date
  readonly now: Date
}

export type Decision =
  /** `confirm`: the person is known and must prove it anew. */
  | { readonly is: 'log-in'; readonly why: 'nobody' | 'confirm' | 'another' }
  | { readonly is: 'consent'; readonly person: Person; readonly news: readonly string[] }
  | { readonly is: 'grant'; readonly person: Person }
  | {
      readonly is: 'refuse'
      readonly code: 'login_required' | 'consent_required' | 'unmet_authentication_requirements'
    }

/**
 * OIDC Core §3.1.2.3 and §3.1.2.4: what stands between a request and its code. Whether a person has done something
 * *for this request* is always a comparison of two instants, so that no flag is carried around.
 */
export const decide = (request: AuthorizationRequest, standing: Standing): Decision => {
  const { person, consent } = standing
  const silent = request.prompt.includes('none')

  const login = missingLogin(request, standing)
  if (login === 'refused' || (login && silent)) return { is: 'refuse', code: 'login_required' }
  if (login || !person) return { is: 'log-in', why: login ?? 'nobody' }

  if (!meetsEssentialAcr(request, person)) return { is: 'refuse', code: 'unmet_authentication_requirements' }

  if (mustConsent(request, consent, standing)) {
    if (silent) return { is: 'refuse', code: 'consent_required' }
    return { is: 'consent', person, news: request.scope.filter((name) => !consent?.scope.includes(name)) }
  }
  return { is: 'grant', person }
}

const missingLogin = (
  { prompt, maxAge, hintedSubject }: AuthorizationRequest,
  { person, subject, receivedAt, now }: Standing,
): 'nobody' | 'confirm' | 'another' | 'refused' | undefined => {
  if (!person) return 'nobody'
  const isFresh = person.authenticatedAt >= receivedAt
  if (hintedSubject !== undefined && hintedSubject !== subject) return isFresh ? 'refused' : 'another'
  if (isFresh) return undefined
  if (prompt.includes('select_account')) return 'another'
  const age = (now.getTime() - person.authenticatedAt.getTime()) / 1000
  if (prompt.includes('login') || (maxAge !== undefined && age >= maxAge)) return 'confirm'
  return undefined
}

/** OIDC Core §5.5.1.1: an essential `acr` that cannot be had is a failed authentication; a wish is only a wish. */
const meetsEssentialAcr = ({ claims }: AuthorizationRequest, person: Person): boolean => {
  const asked = claims.id_token?.acr
  if (!asked?.essential) return true
  const wanted = asked.values ?? (asked.value === undefined ? [] : [asked.value])
  return wanted.length === 0 || wanted.includes(person.acr)
}

const mustConsent = (request: AuthorizationRequest, consent: Consent | undefined, standing: Standing): boolean => {
  // RFC 8628 §5.4: whoever was sent the code by somebody else finds out only if asked, whatever was allowed before.
  if (request.device) return true
  const { receivedAt, firstParty, isImitable } = standing
  // RFC 8252 §8.6: a consent given before says nothing about who asks now, where the client's identity is not assured.
  const isAskedAnew = request.prompt.includes('consent') || (isImitable && !firstParty)
  if (!isAskedAnew && firstParty) return false
  if (!consent || (isAskedAnew && consent.grantedAt < receivedAt)) return true
  // Also of a new one: it may have been given to another request of this client, in another tab.
  return !within(request.scope, consent.scope) || !within(request.resources, consent.resources)
}
