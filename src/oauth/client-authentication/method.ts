import type { AuthenticationMethod, Client } from '../client.ts'
import type { Parameters } from '../parameters.ts'
import type { ClientCertificate } from '../sender-constraint/certificate.ts'
import type { ClientStore, ReplayStore } from '../stores.ts'
import type { KeysOf } from './keys.ts'

/** What a client sent to prove who it is. */
export type ClientRequest = {
  /** The value of the one `Authorization` header. */
  readonly authorization: string | undefined
  /** Several such headers were sent. */
  readonly repeated?: boolean
  readonly parameters: Parameters
  /** Of the connection, where certificates can arrive. */
  readonly certificate?: ClientCertificate | undefined
  /** The URLs of the endpoint that was called and of the token endpoint, for assertions that name one as their audience. */
  readonly endpoints: readonly string[]
}

export type AuthenticationDependencies = {
  readonly clients: ClientStore
  readonly replays: ReplayStore
  readonly keysOf: KeysOf
  readonly issuer: string
  readonly now: Date
}

/** One way to authenticate. Finding the client, and whether it may use this way, is done once for all, in index.ts. */
export type Method = {
  readonly name: AuthenticationMethod
  /** Nothing in the request says that it is this one: of several such the client's registration decides. */
  readonly byRegistration?: true
  /** It works, and is advertised, only where client certificates can arrive, or where authorities for them are named. */
  readonly needs?: 'certificates' | 'authorities'
  recognizes(request: ClientRequest): boolean
  /** Who the request says it is, not proven; the likelier reading first. */
  clientIds(request: ClientRequest): readonly string[]
  /**
   * Returns when the request is the client's.
   * @param client undefined when there is none that may use this method: then the same work is done, and refused
   * @throws OAuthError
   */
  authenticate(request: ClientRequest, client: Client | undefined, deps: AuthenticationDependencies): Promise<void>
}

/** The request has a client id and nothing that would prove it. */
export const namesItselfOnly = ({ authorization, parameters }: ClientRequest): boolean =>
  authorization === undefined &&
  parameters.optional('client_id') !== undefined &&
  parameters.optional('client_secret') === undefined &&
  parameters.optional('client_assertion') === undefined &&
  parameters.optional('client_assertion_type') === undefined
