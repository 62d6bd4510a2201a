import type { Random } from '../../random.ts'
import type { Client, SigningAlgorithm } from '../client.ts'
import type { SidOf, SubjectOf } from '../subject.ts'
import { type Trust, trustOf } from '../trust.ts'
import { attempted, type Result } from './attempt.ts'
import { logoutTokenClaims } from './logout-token.ts'
import type { Attempted, Delivery } from './stores.ts'

export type DeliverDependencies = {
  readonly issuer: string
  readonly clients: { find(clientId: string): Promise<Client | undefined> }
  signer(algorithm: SigningAlgorithm): { sign(typ: string, claims: object): Promise<string> }
  readonly subjectOf: SubjectOf
  readonly sidOf: SidOf
  /** Answers or throws in a few seconds, whatever is at the other end. */
  post(uri: string, form: URLSearchParams, trust: Trust): Promise<{ readonly status: number }>
  readonly random: Random
  readonly clock: { now(): Date }
}

/** One attempt to tell a client of the end of a session, OpenID Connect Back-Channel Logout 1.0 §2.5. */
export const deliver = async (
  delivery: Delivery,
  deps: DeliverDependencies,
): Promise<Attempted & { readonly reason: string | undefined }> => {
  const client = await deps.clients.find(delivery.clientId)
  const uri = client?.disabledAt ? undefined : client?.backchannel_logout_uri
  if (!client || uri === undefined)
    return { ...attempted({ is: 'gone' }, delivery, deps.clock.now()), reason: undefined }
  const claims = logoutTokenClaims(deps.issuer, {
    clientId: client.client_id,
    subject: deps.subjectOf(client, delivery.userId),
    sid: deps.sidOf(client, delivery.sessionId),
    // Each attempt has its own: a client that refuses what it has seen would refuse every retry.
    jti: deps.random.bytes(16).toString('base64url'),
    issuedAt: deps.clock.now(),
  })
  // §2.4: explicitly typed, so that no other JWT is taken for it, nor it for another.
  const token = await deps.signer(client.id_token_signed_response_alg).sign('logout+jwt', claims)
  const { result, reason } = await sent(deps, { uri, token, trust: trustOf(client) })
  return { ...attempted(result, delivery, deps.clock.now()), reason }
}

const sent = async (
  { post }: DeliverDependencies,
  { uri, token, trust }: { readonly uri: string; readonly token: string; readonly trust: Trust },
): Promise<{ readonly result: Result; readonly reason: string | undefined }> => {
  try {
    const { status } = await post(uri, new URLSearchParams({ logout_token: token }), trust)
    return { result: { is: 'answered', status }, reason: undefined }
  } catch (error) {
    // Whatever was in its way, the client has not heard; what it was is for the log.
    return { result: { is: 'unanswered' }, reason: error instanceof Error ? error.message : undefined }
  }
}
