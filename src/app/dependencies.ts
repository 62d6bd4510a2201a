import type { TlsOptions } from 'node:tls'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import type { AdministrationStore, EventLog } from '../administration/stores.ts'
import type { Clock } from '../clock.ts'
import type { AccountStores } from '../http/account/index.ts'
import type { SenderConstraintSettings } from '../http/oauth/sender-constraint.ts'
import type { HealthCheck } from '../http/operations/health.ts'
import type { Readiness } from '../http/operations/stop.ts'
import type { Outbound } from '../http/outbound/index.ts'
import type { EndingStore } from '../identity/ending.ts'
import type { Passwords } from '../identity/password.ts'
import type { SessionPolicy } from '../identity/session.ts'
import type { AdminLinkStore, LoginStore, SessionStore, UserStore } from '../identity/stores.ts'
import type { ThrottlePolicy } from '../identity/throttle.ts'
import type { KeyRing } from '../keys/key-ring.ts'
import type { RefreshKeyRing } from '../keys/refresh-key-ring.ts'
import type { InteractionStore, PushedRequestStore } from '../oauth/authorization/stores.ts'
import type { ClaimsOfScope } from '../oauth/claims.ts'
import type { SigningAlgorithm } from '../oauth/client.ts'
import type { RemoteKeys } from '../oauth/client-authentication/index.ts'
import type { DeviceCodeStore } from '../oauth/device/stores.ts'
import type { DeliveryStore, ParticipantStore } from '../oauth/logout/stores.ts'
import type { RegistrationPolicy } from '../oauth/registration/policy.ts'
import type { RegistrationStore } from '../oauth/registration/stores.ts'
import type { RevocationFeed } from '../oauth/revocations/feed.ts'
import type { ClientStore, CodeStore, FamilyStore, ReplayStore, TokenStore } from '../oauth/stores.ts'
import type { SidOf, SubjectOf } from '../oauth/subject.ts'
import type { HistoryStore } from '../oauth/tokens/history.ts'
import type { Start } from '../pages/start.tsx'
import type { Random } from '../random.ts'

/** Everything the application stands on. Nothing else is looked up anywhere: the type checker sees the wiring. */
export type AppDependencies = {
  readonly issuer: string
  readonly trustProxy: readonly string[]
  readonly tls: TlsOptions | undefined
  readonly senderConstraint: SenderConstraintSettings
  readonly log: FastifyBaseLogger
  readonly clock: Clock
  readonly random: Random
  readonly stores: {
    readonly clients: ClientStore
    readonly registrations: RegistrationStore
    readonly codes: CodeStore
    readonly families: FamilyStore & HistoryStore & AccountStores['families']
    readonly interactions: InteractionStore
    readonly deviceCodes: DeviceCodeStore
    readonly pushedRequests: PushedRequestStore
    readonly tokens: TokenStore
    readonly replays: ReplayStore
    readonly users: UserStore
    readonly sessions: SessionStore
    readonly logins: LoginStore
    readonly adminLinks: AdminLinkStore
    readonly administration: AdministrationStore
    readonly events: EventLog
    readonly endings: EndingStore & AccountStores['endings']
    readonly consents: AccountStores['consents']
    readonly notices: AccountStores['notices']
    readonly loginEnds: AccountStores['loginEnds']
    readonly logouts: DeliveryStore & ParticipantStore
  }
  readonly keys: KeyRing
  /** Of the feed. */
  readonly revocationKeys: KeyRing
  /** Closed after the application, and before the stores. */
  readonly feed: RevocationFeed
  readonly refreshKeys: RefreshKeyRing
  readonly remoteKeys: RemoteKeys
  /** Every request to an address that somebody else chose. */
  readonly outbound: Outbound
  readonly algorithms: readonly SigningAlgorithm[]
  algorithmFor(audience: readonly string[]): SigningAlgorithm | undefined
  readonly claimsOfScope: ClaimsOfScope
  readonly subjectOf: SubjectOf
  readonly sidOf: SidOf
  readonly registration: Pick<RegistrationPolicy, 'mode' | 'scope' | 'pkce'>
  readonly passwords: Passwords
  readonly throttle: ThrottlePolicy
  readonly sessionPolicy: SessionPolicy
  /** The first signs, all of them verify. */
  readonly cookieSecrets: readonly [Buffer, ...Buffer[]]
  readonly checks: readonly HealthCheck[]
  readonly readiness: Readiness
  /** What the first page shows of a development server. */
  development(): Promise<Start['development']>
  /** Pages and APIs of the demo, mounted beside the server's own. */
  readonly demo?: (app: FastifyInstance) => Promise<void>
}
